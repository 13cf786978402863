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
448 0.0111607
480 0.0291667
496 0.0282258
504 0.0277778
508 0.0393701
512 0.0683594
516 0.106589
520 0.144231
528 0.217803
544 0.358456
576 0.581597
640 0.973437
704 1.00426
768 1.00391
832 1.00361
896 1.00335
960 1.00313
1024 1.00293
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
576 1.00521
640 1.00469
704 1.00426
768 1.00391
832 1.00361
896 1.00335
960 1.00313
1024 1.00293
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
448 0.0111607
480 0.03125
496 0.0302419
504 0.0297619
508 0.0413386
512 0.0703125
516 0.108527
520 0.146154
528 0.219697
544 0.360294
576 0.583333
640 0.975
704 1.00568
768 1.00521
832 1.00481
896 1.00446
960 1.00417
1024 1.00391
END
$panel2_run0_flush << END
8 1.375
16 1.1875
24 1.125
32 1.09375
40 1.075
44 1.06818
48 1.0625
52 1.05769
56 1.05357
60 1.05
64 1.04688
68 1.04412
72 1.04167
80 1.0375
96 1.03125
128 1.02344
192 1.01562
256 1.01172
320 1.00937
384 1.01042
448 1.00893
480 1.0125
496 1.0121
504 1.0119
508 1.01378
512 1.01562
516 1.0155
520 1.01538
528 1.01515
544 1.01471
576 1.01389
640 1.0125
704 1.01136
768 1.01042
832 1.00962
896 1.00893
960 1.00833
1024 1.00879
END
$panel3_run0_base << END
8 4
16 4
24 4
32 4
40 4
44 4
48 4
52 5.34615
56 6.5
60 6.33333
64 6.1875
68 7.70588
72 8.66667
80 11.35
96 11.2917
128 11.2188
192 11.1458
256 11.1094
320 11.0875
384 11.3125
448 11.4442
480 12.45
496 13.4516
504 13.877
508 13.8504
512 14.6953
516 15.2403
520 16.1308
528 17.2045
544 19.5221
576 22.2431
640 24.1313
704 24.233
768 24.2135
832 24.1971
896 24.183
960 24.1708
1024 24.1602
END
$panel3_run0_flush << END
8 16.5
16 15.75
24 15.5
32 15.375
40 15.3
44 15.2727
48 15.25
52 15.5
56 15.7143
60 15.6667
64 15.625
68 16.0588
72 16
80 15.9
96 15.75
128 15.5625
192 15.4583
256 15.375
320 15.35
384 15.9505
448 17.7567
480 21.9604
496 23.1391
504 24.1528
508 24.3248
512 24.3223
516 24.3275
520 24.3327
528 24.3277
544 24.3327
576 24.3403
640 24.3313
704 24.3011
768 24.276
832 24.2548
896 24.2366
960 24.2208
1024 24.2109
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
set label 'native (tlb-native)' at screen 0.09,0.918 left offset 1.2,-0.35 point pt 7 ps 1.1 lc rgb '#333333' tc rgb '#333333' noenhanced
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
plot $panel0_run0_base using 1:2 with linespoints lw 1.8 pt 7 ps 0.7 lc rgb '#1f6fb2' notitle, $panel0_run0_flush using 1:2 with linespoints lw 5.0 pt 7 ps 0.7 lc rgb '#f0a35e' notitle
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
plot $panel1_run0_base using 1:2 with linespoints lw 1.8 pt 7 ps 0.7 lc rgb '#1f6fb2' notitle, $panel1_run0_flush using 1:2 with linespoints lw 5.0 pt 7 ps 0.7 lc rgb '#f0a35e' notitle
set lmargin at screen 0.072
set rmargin at screen 0.487
set tmargin at screen 0.457
set bmargin at screen 0.145
set title 'Data: page-table entries read' font ',13'
set ylabel 'entries read by walks, per access'
set yrange [0:*]
set xlabel 'pages'
plot $panel2_run0_base using 1:2 with linespoints lw 1.8 pt 7 ps 0.7 lc rgb '#1f6fb2' notitle, $panel2_run0_flush using 1:2 with linespoints lw 5.0 pt 7 ps 0.7 lc rgb '#f0a35e' notitle
set lmargin at screen 0.570
set rmargin at screen 0.985
set tmargin at screen 0.457
set bmargin at screen 0.145
set title 'Data: latencies of the model, added up' font ',13'
set ylabel 'simulated cycles per access'
set yrange [0:*]
set xlabel 'pages'
plot $panel3_run0_base using 1:2 with linespoints lw 1.8 pt 7 ps 0.7 lc rgb '#1f6fb2' notitle, $panel3_run0_flush using 1:2 with linespoints lw 5.0 pt 7 ps 0.7 lc rgb '#f0a35e' notitle
unset multiplot
set output
}
