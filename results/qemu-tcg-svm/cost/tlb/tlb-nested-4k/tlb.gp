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
448 0.0401786
480 0.0458333
496 0.0443548
504 0.0436508
508 0.0620079
512 0.0839844
516 0.122093
520 0.159615
528 0.225379
544 0.365809
576 0.583333
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
448 1.00446
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
448 1.00446
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
576 0.559028
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
$panel1_run0_exit << END
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
448 0.0845424
480 0.1
496 0.0967742
504 0.0952381
508 0.13189
512 0.175781
516 0.251938
520 0.326923
528 0.458333
544 0.738971
576 1.17361
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
448 2.02902
480 2.03125
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
448 2.02902
480 2.03125
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
$panel3_run0_base << END
8 4
16 4
24 4
32 4
40 4.875
44 4.79545
48 4.72917
52 6.01923
56 6.5
60 6.33333
64 7.28125
68 8.32353
72 9.63889
80 11.525
96 11.4375
128 11.3281
192 11.2188
256 11.1641
320 11.1312
384 11.349
448 12.9944
480 15.1708
496 16.1512
504 16.5337
508 16.9488
512 17.6133
516 18.2442
520 19.1269
528 19.8826
544 22.739
576 25.4479
640 29.2156
704 29.3778
768 29.3568
832 29.3293
896 29.3058
960 29.2854
1024 29.2676
END
$panel3_run0_flush << END
8 26.9375
16 22.9688
24 21.6458
32 20.9844
40 20.9375
44 20.7614
48 20.6146
52 20.625
56 20.6339
60 20.525
64 20.6484
68 20.6691
72 20.5764
80 20.4187
96 20.1823
128 19.8867
192 19.6328
256 19.5254
320 20.1547
384 21.8346
448 28.9754
480 29.5625
496 29.5766
504 29.5992
508 29.6417
512 29.6367
516 29.6473
520 29.6269
528 29.6174
544 29.5993
576 29.5938
640 29.5469
704 29.4972
768 29.4661
832 29.4399
896 29.4085
960 29.3813
1024 29.3652
END
$panel3_run0_exit << END
8 26.9375
16 22.9688
24 21.6458
32 20.9844
40 20.9375
44 20.7614
48 20.6146
52 20.625
56 20.6339
60 20.525
64 20.6484
68 21.0221
72 20.6181
80 20.4563
96 20.2135
128 19.9805
192 19.7995
256 19.6621
320 20.8297
384 23.3112
448 29.1205
480 29.575
496 29.5766
504 29.5992
508 29.6417
512 29.6367
516 29.6473
520 29.6269
528 29.6174
544 29.5993
576 29.5938
640 29.5469
704 29.4972
768 29.4661
832 29.4399
896 29.4085
960 29.3813
1024 29.3652
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
