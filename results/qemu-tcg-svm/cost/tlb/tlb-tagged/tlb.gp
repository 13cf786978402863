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
448 0.0669643
480 0.0791667
496 0.0766129
504 0.0753968
508 0.0866142
512 0.12207
516 0.153101
520 0.190385
528 0.248106
544 0.373162
576 0.590278
640 0.98125
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
448 0.0379464
480 0.0354167
496 0.0342742
504 0.0337302
508 0.0334646
512 0.0332031
516 0.0717054
520 0.101923
528 0.160985
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
448 0.210938
480 0.25
496 0.241935
504 0.238095
508 0.329724
512 0.439453
516 0.629845
520 0.817308
528 1.14583
544 1.84743
576 2.93403
640 4.92188
704 5.04261
768 5.03906
832 5.03606
896 5.03348
960 5.03125
1024 5.0293
END
$panel2_run0_flush << END
8 7.3125
16 6.15625
24 5.77083
32 5.57812
40 5.4625
44 5.42045
48 5.38542
52 5.35577
56 5.33036
60 5.30833
64 5.28906
68 5.27206
72 5.25694
80 5.23125
96 5.19271
128 5.14453
192 5.09635
256 5.07227
320 5.05781
384 5.0612
448 5.06696
480 5.07292
496 5.07056
504 5.06944
508 5.07874
512 5.08789
516 5.08721
520 5.08654
528 5.08523
544 5.08272
576 5.08681
640 5.07812
704 5.07102
768 5.0651
832 5.0601
896 5.0558
960 5.05208
1024 5.05371
END
$panel2_run0_exit << END
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
448 0.345982
480 0.416667
496 0.403226
504 0.396825
508 0.452756
512 0.629883
516 0.784884
520 0.971154
528 1.25947
544 1.88419
576 2.96875
640 4.92188
704 5.04261
768 5.03906
832 5.03606
896 5.03348
960 5.03125
1024 5.0293
END
$panel3_run0_base << END
8 3
16 3
24 3
32 3
40 3
44 8.45455
48 8.625
52 8.57692
56 8.53571
60 8.5
64 8.46875
68 8.44118
72 8.41667
80 8.375
96 8.3125
128 8.23438
192 8.21875
256 8.25781
320 8.20625
384 8.30469
448 9.03795
480 9.13438
496 9.09778
504 9.08036
508 9.3937
512 9.79004
516 10.4855
520 11.1067
528 12.1591
544 14.579
576 18.2865
640 25.8594
704 27.1463
768 28.3867
832 29.4471
896 30.5201
960 31.6438
1024 32.7969
END
$panel3_run0_flush << END
8 31.4375
16 27.2188
24 25.8125
32 25.1094
40 24.6875
44 24.9886
48 25.0312
52 24.875
56 24.7411
60 24.625
64 24.5234
68 24.7868
72 24.6875
80 24.5188
96 24.2656
128 23.9492
192 24.3828
256 24.3184
320 24.1297
384 24.043
448 24.0446
480 24.0063
496 23.9738
504 24.006
508 24.0748
512 24.1396
516 24.2093
520 24.2692
528 24.4545
544 24.6985
576 25.2917
640 26.3422
704 27.4361
768 28.6484
832 29.6382
896 30.8717
960 31.9781
1024 33.0664
END
$panel3_run0_exit << END
8 3
16 3
24 3
32 3
40 8
44 8.45455
48 8.625
52 8.57692
56 8.53571
60 8.5
64 8.46875
68 8.46324
72 8.41667
80 8.375
96 8.3125
128 8.23438
192 8.21875
256 8.25781
320 8.20625
384 8.30469
448 9.5067
480 9.8875
496 9.875
504 9.84524
508 10.0138
512 10.6953
516 11.4593
520 12.05
528 12.9602
544 14.8824
576 18.7812
640 26.1359
704 27.598
768 28.5781
832 29.6671
896 30.7612
960 31.825
1024 32.9375
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
set label 'monitors, nested pages of 4 KiB (tlb-tagged)' at screen 0.09,0.918 left offset 1.2,-0.35 point pt 7 ps 1.1 lc rgb '#333333' tc rgb '#333333' noenhanced
set label 'platform qemu-tcg-svm; one tick: one instruction of any core (qemu-tcg-svm, -icount shift=0)' at screen 0.072,0.058 left tc rgb '#444444' font ',10' noenhanced
set label '8 rounds at each point, the point without pages taken off; stride 4160 bytes, one run of each machine' at screen 0.072,0.037 left tc rgb '#444444' font ',10' noenhanced
set label 'simulated: barcelona. All counts are those of a model of this processor that the emulator feeds' at screen 0.072,0.016 left tc rgb '#b00020' font ',10' noenhanced
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
