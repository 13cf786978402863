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
448 0.0401786
480 0.0375
496 0.0362903
504 0.0357143
508 0.0354331
512 0.0351562
516 0.0736434
520 0.103846
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
448 5.07589
480 5.08125
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
384 8.21094
448 8.91071
480 9.09062
496 9.05544
504 9.03869
508 9.35827
512 9.68457
516 10.2791
520 10.8875
528 11.9347
544 14.5322
576 18.112
640 25.5758
704 27.157
768 28.2988
832 29.4778
896 30.6055
960 31.6703
1024 32.7031
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
72 24.8333
80 24.8188
96 24.5156
128 24.1367
192 24.1953
256 24.2715
320 24.0547
384 23.9805
448 23.8839
480 23.9344
496 23.9042
504 23.9375
508 23.9833
512 24.0488
516 24.1657
520 24.226
528 24.3438
544 24.7675
576 25.2734
640 26.3258
704 27.4553
768 28.6973
832 29.741
896 30.8733
960 31.9422
1024 32.8408
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
56 8.75
60 8.5
64 8.46875
68 8.44118
72 8.41667
80 8.375
96 8.3125
128 8.39844
192 8.28125
256 8.30469
320 8.24375
384 8.24219
448 9.46317
480 9.81563
496 9.73589
504 9.71726
508 9.90748
512 10.4609
516 11.0872
520 11.7038
528 12.5994
544 14.9265
576 18.5234
640 25.8102
704 27.4041
768 28.5566
832 29.7049
896 30.7829
960 31.825
1024 32.7588
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
