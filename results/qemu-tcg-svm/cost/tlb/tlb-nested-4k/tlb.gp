# Draws tlb.svg and tlb.png: gnuplot tlb.gp. Figures per access, from tlb.csv.
$panel0_run0_base << END
8 0
16 0
24 0
32 0
40 0
44 0
48 0
52 0
56 0
60 0
64 0
68 0
72 0
80 0
96 0
128 0
192 0
256 0
320 0
384 0.0130208
448 0.0200893
480 0.0375
496 0.0443548
504 0.0436508
508 0.0620079
512 0.0839844
516 0.122093
520 0.159615
528 0.232955
544 0.373162
576 0.597222
640 0.98125
704 1.00568
768 1.00521
832 1.00481
896 1.00446
960 1.00417
1024 1.00391
END
$panel0_run0_flush << END
8 1
16 1
24 1
32 1
40 1
44 1
48 1
52 1
56 1
60 1
64 1
68 1
72 1
80 1
96 1
128 1
192 1
256 1
320 1
384 1.0026
448 1.00223
480 1.00417
496 1.00403
504 1.00397
508 1.00394
512 1.00586
516 1.00581
520 1.00577
528 1.00568
544 1.00551
576 1.00694
640 1.00625
704 1.00568
768 1.00521
832 1.00481
896 1.00446
960 1.00417
1024 1.00391
END
$panel0_run0_exit << END
8 1
16 1
24 1
32 1
40 1
44 1
48 1
52 1
56 1
60 1
64 1
68 1
72 1
80 1
96 1
128 1
192 1
256 1
320 1
384 1.0026
448 1.00223
480 1.00417
496 1.00403
504 1.00397
508 1.00394
512 1.00586
516 1.00581
520 1.00577
528 1.00568
544 1.00551
576 1.00694
640 1.00625
704 1.00568
768 1.00521
832 1.00481
896 1.00446
960 1.00417
1024 1.00391
END
$panel1_run0_base << END
8 0
16 0
24 0
32 0
40 0
44 0
48 0
52 0
56 0
60 0
64 0
68 0
72 0
80 0
96 0
128 0
192 0
256 0
320 0
384 0
448 0.0223214
480 0.0208333
496 0.0201613
504 0.0198413
508 0.019685
512 0.0195312
516 0.0581395
520 0.0961538
528 0.155303
544 0.297794
576 0.559896
640 1.00313
704 1.00284
768 1.0026
832 1.0024
896 1.00223
960 1.00208
1024 1.00195
END
$panel1_run0_flush << END
8 1.125
16 1.0625
24 1.04167
32 1.03125
40 1.025
44 1.02273
48 1.02083
52 1.01923
56 1.01786
60 1.01667
64 1.01562
68 1.01471
72 1.01389
80 1.0125
96 1.01042
128 1.00781
192 1.00521
256 1.00391
320 1.00313
384 1.0026
448 1.0067
480 1.00625
496 1.00605
504 1.00595
508 1.00591
512 1.00586
516 1.00581
520 1.00577
528 1.00568
544 1.00551
576 1.00521
640 1.00469
704 1.00426
768 1.00391
832 1.00361
896 1.00335
960 1.00313
1024 1.00293
END
$panel1_run0_exit << END
8 1
16 1
24 1
32 1
40 1
44 1
48 1
52 1
56 1
60 1
64 1
68 1
72 1
80 1
96 1
128 1
192 1
256 1
320 1
384 1
448 1.00446
480 1.00417
496 1.00403
504 1.00397
508 1.00394
512 1.00391
516 1.00388
520 1.00385
528 1.00379
544 1.00368
576 1.00347
640 1.00313
704 1.00284
768 1.0026
832 1.0024
896 1.00223
960 1.00208
1024 1.00195
END
$panel2_run0_base << END
8 0
16 0
24 0
32 0
40 0
44 0
48 0
52 0
56 0
60 0
64 0
68 0
72 0
80 0
96 0
128 0
192 0
256 0
320 0
384 0.0130208
448 0.0212054
480 0.0789062
496 0.0967742
504 0.0952381
508 0.13189
512 0.175781
516 0.251938
520 0.326923
528 0.473485
544 0.753676
576 1.20139
640 1.96875
704 2.01705
768 2.01562
832 2.01442
896 2.01339
960 2.0125
1024 2.01172
END
$panel2_run0_flush << END
8 2.98438
16 2.49219
24 2.32812
32 2.24609
40 2.19687
44 2.17898
48 2.16406
52 2.15144
56 2.14062
60 2.13125
64 2.12305
68 2.11581
72 2.10938
80 2.09844
96 2.08203
128 2.06152
192 2.04102
256 2.03076
320 2.02461
384 2.02572
448 2.02009
480 2.02708
496 2.03024
504 2.02976
508 2.03346
512 2.03711
516 2.03682
520 2.03654
528 2.03598
544 2.03493
576 2.03646
640 2.03281
704 2.02983
768 2.02734
832 2.02524
896 2.02344
960 2.02188
1024 2.02246
END
$panel2_run0_exit << END
8 2.85938
16 2.42969
24 2.28646
32 2.21484
40 2.17188
44 2.15625
48 2.14323
52 2.13221
56 2.12277
60 2.11458
64 2.10742
68 2.1011
72 2.09549
80 2.08594
96 2.07161
128 2.05371
192 2.03581
256 2.02686
320 2.02148
384 2.02311
448 2.01786
480 2.025
496 2.02823
504 2.02778
508 2.0315
512 2.03687
516 2.03488
520 2.03462
528 2.03409
544 2.03309
576 2.03472
640 2.03125
704 2.02841
768 2.02604
832 2.02404
896 2.02232
960 2.02083
1024 2.02148
END
$panel3_run0_base << END
8 4
16 4
24 4
32 4
40 4.875
44 4.79545
48 4.72917
52 6.15385
56 7.25
60 7.03333
64 7.28125
68 8.32353
72 9.25
80 11.525
96 11.4375
128 11.3281
192 11.2188
256 11.1641
320 11.1312
384 11.349
448 11.7254
480 13.951
496 15.7702
504 15.8313
508 15.939
512 17.2988
516 17.8391
520 19.0635
528 20.4413
544 22.9154
576 25.6701
640 29.2156
704 29.3778
768 29.3464
832 29.3197
896 29.2969
960 29.2771
1024 29.2676
END
$panel3_run0_flush << END
8 25.9375
16 22.4688
24 21.8958
32 21.1719
40 20.7375
44 20.5795
48 20.4479
52 20.6058
56 20.7411
60 20.625
64 20.5234
68 20.6691
72 20.5764
80 20.4187
96 20.1823
128 19.8867
192 19.6328
256 19.5059
320 20.5078
384 22.4831
448 28.5156
480 29.4937
496 29.5444
504 29.5813
508 29.5945
512 29.6211
516 29.6163
520 29.6115
528 29.6023
544 29.5846
576 29.5799
640 29.5344
704 29.4858
768 29.4453
832 29.4111
896 29.3906
960 29.3646
1024 29.3496
END
$panel3_run0_exit << END
8 26.4375
16 22.7188
24 21.4792
32 20.8594
40 21.0125
44 20.8295
48 20.6771
52 20.6827
56 20.8125
60 20.6917
64 20.5859
68 20.9191
72 20.5208
80 20.3687
96 20.1406
128 19.9258
192 19.7786
256 19.6934
320 21.1859
384 23.4857
448 28.7679
480 29.4875
496 29.5524
504 29.5595
508 29.6024
512 29.6201
516 29.6085
520 29.6038
528 29.5947
544 29.5772
576 29.5729
640 29.5281
704 29.4801
768 29.4401
832 29.4087
896 29.3862
960 29.3604
1024 29.3535
END
set border 3 lc rgb '#666666'
set tics nomirror out
set grid lc rgb '#e4e4e4' lt 1
set xrange [0:1024]
set xtics 0,128
unset key
do for [t in 'svg png'] {
if (t eq 'svg') { set terminal svg size 1240,1000 font 'DejaVu Sans,12' background rgb 'white' } else { set terminal png size 1240,1000 font 'DejaVu Sans,11' background rgb 'white' }
set output 'tlb.'.t
set multiplot
set label 'TLB sweeps' at screen 0.072,0.975 left font ',15'
set arrow from screen 0.072,0.945 to screen 0.100,0.945 nohead lw 1.8 lc rgb '#1f6fb2' front
set label 'base' at screen 0.107,0.945 left tc rgb '#333333' noenhanced
set arrow from screen 0.312,0.945 to screen 0.340,0.945 nohead lw 5.0 lc rgb '#f0a35e' front
set label 'TLB flush between rounds' at screen 0.347,0.945 left tc rgb '#333333' noenhanced
set arrow from screen 0.552,0.945 to screen 0.580,0.945 nohead lw 1.4 lc rgb '#7b3fa0' front
set label 'VM exit between rounds' at screen 0.587,0.945 left tc rgb '#333333' noenhanced
set label 'monitors, nested pages of 4 KiB (tlb-nested-4k)' at screen 0.09,0.918 left offset 1.2,-0.35 point pt 7 ps 1.1 lc rgb '#333333' tc rgb '#333333' noenhanced
set label 'platform qemu-tcg-svm; one tick: one instruction of any core (qemu-tcg-svm, -icount shift=0)' at screen 0.072,0.058 left tc rgb '#444444' font ',10' noenhanced
set label '8 rounds at each point, the point without pages taken off; stride 4160 bytes, one run of each machine' at screen 0.072,0.037 left tc rgb '#444444' font ',10' noenhanced
set label 'simulated: sandybridge. All counts are those of a model of this processor that the emulator feeds' at screen 0.072,0.016 left tc rgb '#b00020' font ',10' noenhanced
set lmargin at screen 0.072
set rmargin at screen 0.487
set tmargin at screen 0.858
set bmargin at screen 0.546
set title 'Data: one read in each page' font ',13'
set ylabel 'page walks per access'
set yrange [0:*]
unset xlabel
plot $panel0_run0_base using 1:2 with linespoints lw 1.8 pt 7 ps 0.7 lc rgb '#1f6fb2' notitle, $panel0_run0_flush using 1:2 with linespoints lw 5.0 pt 7 ps 0.7 lc rgb '#f0a35e' notitle, $panel0_run0_exit using 1:2 with linespoints lw 1.4 pt 7 ps 0.7 lc rgb '#7b3fa0' notitle
unset label
unset arrow
set lmargin at screen 0.570
set rmargin at screen 0.985
set tmargin at screen 0.858
set bmargin at screen 0.546
set title 'Code: one jump in each page' font ',13'
set ylabel 'page walks per access'
set yrange [0:*]
unset xlabel
plot $panel1_run0_base using 1:2 with linespoints lw 1.8 pt 7 ps 0.7 lc rgb '#1f6fb2' notitle, $panel1_run0_flush using 1:2 with linespoints lw 5.0 pt 7 ps 0.7 lc rgb '#f0a35e' notitle, $panel1_run0_exit using 1:2 with linespoints lw 1.4 pt 7 ps 0.7 lc rgb '#7b3fa0' notitle
set lmargin at screen 0.072
set rmargin at screen 0.487
set tmargin at screen 0.457
set bmargin at screen 0.145
set title 'Data: page-table entries read' font ',13'
set ylabel 'entries read by walks, per access'
set yrange [0:*]
set xlabel 'pages'
plot $panel2_run0_base using 1:2 with linespoints lw 1.8 pt 7 ps 0.7 lc rgb '#1f6fb2' notitle, $panel2_run0_flush using 1:2 with linespoints lw 5.0 pt 7 ps 0.7 lc rgb '#f0a35e' notitle, $panel2_run0_exit using 1:2 with linespoints lw 1.4 pt 7 ps 0.7 lc rgb '#7b3fa0' notitle
set lmargin at screen 0.570
set rmargin at screen 0.985
set tmargin at screen 0.457
set bmargin at screen 0.145
set title 'Data: latencies of the model, added up' font ',13'
set ylabel 'simulated cycles per access'
set yrange [0:*]
set xlabel 'pages'
plot $panel3_run0_base using 1:2 with linespoints lw 1.8 pt 7 ps 0.7 lc rgb '#1f6fb2' notitle, $panel3_run0_flush using 1:2 with linespoints lw 5.0 pt 7 ps 0.7 lc rgb '#f0a35e' notitle, $panel3_run0_exit using 1:2 with linespoints lw 1.4 pt 7 ps 0.7 lc rgb '#7b3fa0' notitle
unset multiplot
set output
}
