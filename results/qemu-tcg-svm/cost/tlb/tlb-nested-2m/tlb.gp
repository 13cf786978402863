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
576 0.590278
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
576 0.592014
640 0.982812
704 1.0071
768 1.00651
832 1.00601
896 1.00558
960 1.00521
1024 1.00488
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
576 1.01562
640 1.01406
704 1.01278
768 1.01172
832 1.01082
896 1.01004
960 1.00937
1024 1.00977
END
$panel2_run0_exit << END
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
576 1.01562
640 1.01406
704 1.01278
768 1.01172
832 1.01082
896 1.01004
960 1.00937
1024 1.00977
END
$panel3_run0_base << END
8 4
16 4
24 4
32 4
40 4.875
44 4.79545
48 4.72917
52 5.48077
56 6.625
60 6.45
64 6.29688
68 7.80882
72 8.76389
80 11.4375
96 11.3646
128 11.2734
192 11.1823
256 11.1367
320 11.1094
384 11.3307
448 11.4598
480 12.4646
496 13.4657
504 13.8909
508 13.8642
512 14.709
516 15.2539
520 16.1442
528 17.2178
544 19.5349
576 22.3038
640 24.1859
704 24.2599
768 24.2383
832 24.22
896 24.2042
960 24.1906
1024 24.1787
END
$panel3_run0_flush << END
8 16.5
16 15.75
24 15.5
32 15.375
40 15.65
44 15.5909
48 15.5417
52 15.6346
56 15.8393
60 15.7833
64 15.7344
68 16.1618
72 16.0972
80 15.9875
96 15.8229
128 15.6172
192 15.4948
256 15.4023
320 15.3719
384 15.9688
448 17.7723
480 21.975
496 23.1532
504 24.1667
508 24.3386
512 24.3359
516 24.3411
520 24.3462
528 24.3409
544 24.3456
576 24.3733
640 24.3609
704 24.3281
768 24.3008
832 24.2776
896 24.2578
960 24.2406
1024 24.2295
END
$panel3_run0_exit << END
8 20.5
16 17.75
24 16.8333
32 16.375
40 16.45
44 16.3182
48 16.2083
52 16.25
56 16.4107
60 16.3167
64 16.2344
68 16.2794
72 16.2083
80 16.0875
96 15.9062
128 15.6797
192 15.4948
256 15.5586
320 15.9719
384 16.7344
448 19.1853
480 22.7729
496 23.4335
504 23.9583
508 24.3543
512 24.3574
516 24.3566
520 24.3596
528 24.3561
544 24.3603
576 24.3872
640 24.3609
704 24.3281
768 24.3008
832 24.2776
896 24.2578
960 24.2406
1024 24.2373
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
set label 'monitors, nested pages of 2 MiB (tlb-nested-2m)' at screen 0.09,0.918 left offset 1.2,-0.35 point pt 7 ps 1.1 lc rgb '#333333' tc rgb '#333333' noenhanced
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
