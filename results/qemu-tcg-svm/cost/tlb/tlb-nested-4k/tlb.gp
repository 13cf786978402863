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
448 0.0111607
480 0.0104167
496 0.0100806
504 0.00992063
508 0.00984252
512 0.00976562
516 0.0484496
520 0.0865385
528 0.153409
544 0.295956
576 0.557292
640 1.00156
704 1.00142
768 1.0013
832 1.0012
896 1.00112
960 1.00104
1024 1.00098
END
$panel1_run0_flush << END
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
448 1.00223
480 1.00208
496 1.00202
504 1.00198
508 1.00197
512 1.00195
516 1.00194
520 1.00192
528 1.00189
544 1.00184
576 1.00174
640 1.00156
704 1.00142
768 1.0013
832 1.0012
896 1.00112
960 1.00104
1024 1.00098
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
448 1.00223
480 1.00208
496 1.00202
504 1.00198
508 1.00197
512 1.00195
516 1.00194
520 1.00192
528 1.00189
544 1.00184
576 1.00174
640 1.00156
704 1.00142
768 1.0013
832 1.0012
896 1.00112
960 1.00104
1024 1.00098
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
448 2.02679
480 2.02917
496 2.02823
504 2.02778
508 2.0315
512 2.03516
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
448 2.02679
480 2.02917
496 2.02823
504 2.02778
508 2.0315
512 2.03516
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
24 5.16667
32 4.875
40 4.875
44 4.79545
48 4.72917
52 5.48077
56 6
60 5.86667
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
448 12.8382
480 15.3021
496 16.1653
504 16.6429
508 16.9783
512 17.7363
516 17.9457
520 18.8308
528 19.8826
544 22.739
576 25.4479
640 29.2156
704 29.3778
768 29.3464
832 29.3293
896 29.3058
960 29.2854
1024 29.2676
END
$panel3_run0_flush << END
8 26.4375
16 22.7188
24 21.4792
32 20.8594
40 21.0125
44 20.8295
48 20.6771
52 20.5481
56 20.5625
60 20.4583
64 20.5859
68 20.6103
72 20.5208
80 20.3687
96 20.1406
128 19.8555
192 19.612
256 19.5098
320 20.2672
384 21.8451
448 28.9487
480 29.5542
496 29.5685
504 29.5913
508 29.6181
512 29.6289
516 29.6395
520 29.6192
528 29.6098
544 29.5919
576 29.5868
640 29.5406
704 29.4915
768 29.4505
832 29.4351
896 29.404
960 29.3771
1024 29.3613
END
$panel3_run0_exit << END
8 26.4375
16 22.7188
24 21.4792
32 20.8594
40 20.8375
44 20.6705
48 20.5312
52 20.5481
56 20.5625
60 20.4583
64 20.5859
68 20.9632
72 20.5625
80 20.4062
96 20.1719
128 19.9492
192 19.7786
256 19.666
320 21.0953
384 23.4701
448 28.9688
480 29.5667
496 29.5685
504 29.5913
508 29.6181
512 29.6289
516 29.6395
520 29.6192
528 29.6098
544 29.5919
576 29.5868
640 29.5406
704 29.4915
768 29.4505
832 29.4351
896 29.404
960 29.3771
1024 29.3613
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
