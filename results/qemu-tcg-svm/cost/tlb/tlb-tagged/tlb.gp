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
448 0.046875
480 0.0708333
496 0.0766129
504 0.0753968
508 0.0866142
512 0.12207
516 0.153101
520 0.190385
528 0.255682
544 0.387868
576 0.604167
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
320 0.0125
384 0.0104167
448 0.0491071
480 0.0458333
496 0.0443548
504 0.0436508
508 0.0433071
512 0.0429688
516 0.0813953
520 0.111538
528 0.162879
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
448 0.0245536
480 0.196875
496 0.241935
504 0.238095
508 0.329724
512 0.439453
516 0.629845
520 0.817308
528 1.18371
544 1.88419
576 3.00347
640 4.92188
704 5.04261
768 5.03906
832 5.03606
896 5.03348
960 5.03125
1024 5.0293
END
$panel2_run0_flush << END
8 7.8125
16 6.40625
24 5.9375
32 5.70312
40 5.5625
44 5.51136
48 5.46875
52 5.43269
56 5.40179
60 5.375
64 5.35156
68 5.33088
72 5.3125
80 5.28125
96 5.23438
128 5.17578
192 5.11719
256 5.08789
320 5.07031
384 5.07161
448 5.05357
480 5.07083
496 5.07863
504 5.07738
508 5.08661
512 5.0957
516 5.09496
520 5.09423
528 5.0928
544 5.09007
576 5.09375
640 5.08437
704 5.0767
768 5.07031
832 5.0649
896 5.06027
960 5.05625
1024 5.05762
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
448 0.234375
480 0.364583
496 0.403226
504 0.396825
508 0.452756
512 0.629883
516 0.784884
520 0.971154
528 1.29735
544 1.95772
576 3.03819
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
192 8.15625
256 8.11719
320 8.13125
384 8.23438
448 8.15402
480 8.70312
496 8.83468
504 8.82143
508 9.20768
512 9.49414
516 10.218
520 10.7375
528 11.9233
544 14.3667
576 18.1302
640 25.4984
704 27.1548
768 28.375
832 29.5625
896 30.7528
960 31.7266
1024 32.8013
END
$panel3_run0_flush << END
8 32.9375
16 27.9688
24 26.3125
32 25.4844
40 24.9875
44 25.2614
48 25.2812
52 25.1058
56 24.9554
60 24.825
64 24.7109
68 24.6103
72 24.8333
80 24.3687
96 24.3906
128 24.0195
192 23.6953
256 23.9551
320 23.5578
384 23.6211
448 23.5089
480 23.5875
496 23.623
504 23.5923
508 23.7087
512 23.7324
516 23.8895
520 23.9231
528 23.9489
544 24.2518
576 24.9167
640 26.1922
704 27.3764
768 28.6758
832 29.9627
896 31.0307
960 32.0047
1024 33.0005
END
$panel3_run0_exit << END
8 3
16 3
24 3
32 3
40 8.2625
44 8.45455
48 8.625
52 8.57692
56 8.53571
60 8.5
64 8.46875
68 8.59559
72 8.41667
80 8.375
96 8.3125
128 8.23438
192 8.15625
256 8.11719
320 8.09375
384 8.11719
448 8.87723
480 9.2625
496 9.38508
504 9.42262
508 9.65945
512 10.1592
516 10.8517
520 11.4183
528 12.5824
544 14.8961
576 18.7083
640 25.775
704 27.4531
768 28.75
832 29.8906
896 31.0876
960 32.0328
1024 33.0796
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
