# SPDX-License-Identifier: MIT
# Draws timeline.svg and timeline.png from timeline.csv and requests.csv: gnuplot timeline.gp
set encoding utf8
set datafile separator ','
set datafile columnheaders
do for [kind in 'svg png'] {
if (kind eq 'svg') {
  set terminal svg size 1400,1230 dynamic rounded noenhanced font 'DejaVu Sans,14' background '#ffffff'
} else {
  set terminal pngcairo size 2800,2460 noenhanced rounded font 'DejaVu Sans,10.5' fontscale 2 linewidth 2 pointscale 2 background '#ffffff'
}
set output 'timeline.'.kind
sans(size) = sprintf('DejaVu Sans,%.1f', kind eq 'svg' ? size * 1.333 : size)
sans_bold(size) = sprintf('DejaVu Sans Bold,%.1f', kind eq 'svg' ? size * 1.333 : size)
small = sans(9); note = sans(9.5); body = sans(10)
strong = sans_bold(10); panel = sans_bold(10.5); heading = sans_bold(13)
set style textbox opaque fillcolor rgb '#ffffff' noborder margins 0.6,0.4
set multiplot
set border 3 lc rgb '#6b6b6b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#222222'
set grid ytics lt 1 lc rgb '#e4e4e4' lw 1
set key off
# The whole run
set label 'nic-fault-remote: web service under 1,000 requests/s, constant arrivals, pages of 1,024 bytes, one connection per request' at screen 0.0150,0.9720 left font heading textcolor rgb '#222222'
set label 'outcome: recovered remote   ·   fault: wild-write-sandbox   ·   detected by: nested-page-violation   ·   longest gap between good replies: 23.3 ms' at screen 0.0150,0.9460 left textcolor rgb '#6b6b6b'
set label 'platform qemu-tcg-svm   ·   one tick: one tick of the host''s TSC under an emulator (qemu-tcg-svm): wall time (2,595,807,500/s)' at screen 0.0150,0.0330 left font note textcolor rgb '#6b6b6b'
set label 'load by qv   ·   latency counts from the intended time of sending   ·   seed 1   ·   commit 8daa7073a2c3   ·   2026-11-20T20:16:37Z' at screen 0.0150,0.0120 left font note textcolor rgb '#6b6b6b'
set lmargin at screen 0.0620
set rmargin at screen 0.9850
set bmargin at screen 0.7350
set tmargin at screen 0.8850
set label 'Whole run: 7,000 sent, 7,000 good, 0 errors, 0 lost   (bins of 50 ms)' at graph 0,graph 1 offset character 0,0.9 left font panel textcolor rgb '#222222'
set xrange [0:8.0000]
set yrange [0:1350.000]
set xlabel 'time since the load began, s' offset 0,0.4
set ylabel 'per second' offset 0.6,0
set format y '%.0f'
set key at graph 1,graph 1.16 right top horizontal samplen 1.6 textcolor rgb '#222222'
set object 1 rect from 0,graph 0 to 1.0000,graph 1 fc rgb '#f1f1f1' fs solid noborder behind
set label 'warm-up' at 0.5000,graph 0.06 center font small textcolor rgb '#222222' front
set object 2 rect from 3.890000,graph 0 to 4.080000,graph 1 fc rgb '#fbe9d7' fs solid noborder behind
set arrow from 3.952318,graph 0 to 3.952318,graph 1 nohead lc rgb '#c8102e' lw 1.4 front
set label 'fault' at 3.952318,graph 0.9 offset character -0.6,0 right font small textcolor rgb '#c8102e' front
set boxwidth 0.052000 absolute
coarse(t) = (floor(t / 50.) + 0.5) * 0.050000
inside(t) = t < floor(8000.000000 / 50.) * 50
plot 'timeline.csv' using (inside($1) ? coarse($1) : NaN):($4*20.000000) smooth frequency with boxes fc rgb '#b9d3ea' fs solid 1 noborder notitle, \
  '' using (inside($1) ? coarse($1) : NaN):($4*20.000000) smooth frequency with histeps lc rgb '#1f6fb2' lw 1.5 title 'good replies', \
  '' using (inside($1) ? coarse($1) : NaN):($2*20.000000) smooth frequency with histeps lc rgb '#3a3a3a' lw 1 title 'requests due', \
  '' using (inside($1) && $5+$6 > 0 ? coarse($1) : NaN):(($5+$6)*20.000000) smooth frequency with boxes fc rgb '#c8102e' fs solid 0.85 noborder title 'errors and losses'
unset label
unset object
unset arrow
set key off
# Where the time went
set lmargin at screen 0.0620
set rmargin at screen 0.7950
set bmargin at screen 0.6280
set tmargin at screen 0.6520
set label 'Where the time went, from the fault to the first good reply' at graph 0,graph 1 offset character 0,0.9 left font panel textcolor rgb '#222222'
set object 10 rect from 0.000000,0 to 0.000000,1 fc rgb '#d55e00' fs solid 0.9 noborder
set object 11 rect from 0.000000,0 to 0.045578,1 fc rgb '#cc79a7' fs solid 0.9 noborder
set object 12 rect from 0.045578,0 to 0.433241,1 fc rgb '#7b5aa6' fs solid 0.9 noborder
set object 13 rect from 0.570908,0 to 0.696236,1 fc rgb '#e69f00' fs solid 0.9 noborder
set object 14 rect from 0.731900,0 to 0.942246,1 fc rgb '#e8d33a' fs solid 0.9 noborder
set object 15 rect from 0.977409,0 to 1.971413,1 fc rgb '#009e73' fs solid 0.9 noborder
set label 'driver re-init' at 1.474411,0.5 center font small textcolor rgb '#222222' front
set object 16 rect from 1.998163,0 to 5.561429,1 fc rgb '#56b4e9' fs solid 0.9 noborder
set label 'network re-init' at 3.779796,0.5 center font small textcolor rgb '#222222' front
set object 17 rect from 5.565095,0 to 7.084669,1 fc rgb '#9dc55b' fs solid 0.9 noborder
set label 'first good reply' at 6.324882,0.5 center font small textcolor rgb '#222222' front
set xrange [0:7.084669]
set yrange [0:1]
unset ytics
unset ylabel
unset grid
set border 1
set xlabel 'ms since the fault' offset 0,0.5
plot NaN notitle
set ytics nomirror out scale 0.5 textcolor rgb '#222222'
set border 3
set grid ytics lt 1 lc rgb '#e4e4e4' lw 1
unset label
unset object
unset arrow
# Replies around the fault
set lmargin at screen 0.0620
set rmargin at screen 0.7950
set bmargin at screen 0.3520
set tmargin at screen 0.5480
set label 'Replies (bars) and requests due (line), bins of 10 ms' at graph 0,graph 1 offset character 0,0.9 left font panel textcolor rgb '#222222'
set object 10 rect from 0.000000,graph 0 to 0.000000,graph 1 fc rgb '#d55e00' fs transparent solid 0.22 noborder behind
set object 11 rect from 0.000000,graph 0 to 0.045578,graph 1 fc rgb '#cc79a7' fs transparent solid 0.22 noborder behind
set object 12 rect from 0.045578,graph 0 to 0.433241,graph 1 fc rgb '#7b5aa6' fs transparent solid 0.22 noborder behind
set object 13 rect from 0.570908,graph 0 to 0.696236,graph 1 fc rgb '#e69f00' fs transparent solid 0.22 noborder behind
set object 14 rect from 0.731900,graph 0 to 0.942246,graph 1 fc rgb '#e8d33a' fs transparent solid 0.22 noborder behind
set object 15 rect from 0.977409,graph 0 to 1.971413,graph 1 fc rgb '#009e73' fs transparent solid 0.22 noborder behind
set object 16 rect from 1.998163,graph 0 to 5.561429,graph 1 fc rgb '#56b4e9' fs transparent solid 0.22 noborder behind
set object 17 rect from 5.565095,graph 0 to 7.084669,graph 1 fc rgb '#9dc55b' fs transparent solid 0.22 noborder behind
set arrow from 0.000000,graph 0 to 0.000000,graph 1 nohead lc rgb '#c8102e' lw 1.3  front
set label 'fault' at 0.000000,graph 0.93 offset character -0.6,0 right font small textcolor rgb '#c8102e' front
set arrow from 7.084669,graph 0 to 7.084669,graph 1 nohead lc rgb '#1a7f37' lw 1.3  front
set label 'first good reply sent, +7.08 ms' at 7.084669,graph 0.93 offset character 0.6,0 left font small textcolor rgb '#1a7f37' front
set label 'Recovery, remote' at screen 0.8170,0.6600 left font panel textcolor rgb '#222222'
set object 500 rect from screen 0.8170,screen 0.6235 to screen 0.8310,screen 0.6395 fc rgb '#d55e00' fs solid noborder
set label 'detection' at screen 0.8380,0.6315 left font body textcolor rgb '#222222'
set label '0 ms' at screen 0.9850,0.6315 right font body textcolor rgb '#222222'
set object 501 rect from screen 0.8170,screen 0.5950 to screen 0.8310,screen 0.6110 fc rgb '#cc79a7' fs solid noborder
set label 'VM exit' at screen 0.8380,0.6030 left font body textcolor rgb '#222222'
set label '45.6 µs' at screen 0.9850,0.6030 right font body textcolor rgb '#222222'
set object 502 rect from screen 0.8170,screen 0.5665 to screen 0.8310,screen 0.5825 fc rgb '#7b5aa6' fs solid noborder
set label 'decision' at screen 0.8380,0.5745 left font body textcolor rgb '#222222'
set label '388 µs' at screen 0.9850,0.5745 right font body textcolor rgb '#222222'
set object 503 rect from screen 0.8170,screen 0.5380 to screen 0.8310,screen 0.5540 fc rgb '#999999' fs empty border rgb '#999999'
set label 'IPI round trip' at screen 0.8380,0.5460 left font body textcolor rgb '#222222'
set label '298 µs' at screen 0.9850,0.5460 right font body textcolor rgb '#222222'
set object 504 rect from screen 0.8170,screen 0.5095 to screen 0.8310,screen 0.5255 fc rgb '#e69f00' fs solid noborder
set label 'IPI, one way' at screen 0.8380,0.5175 left font body textcolor rgb '#222222'
set label '125 µs' at screen 0.9850,0.5175 right font body textcolor rgb '#222222'
set object 505 rect from screen 0.8170,screen 0.4810 to screen 0.8310,screen 0.4970 fc rgb '#e8d33a' fs solid noborder
set label 'resume' at screen 0.8380,0.4890 left font body textcolor rgb '#222222'
set label '210 µs' at screen 0.9850,0.4890 right font body textcolor rgb '#222222'
set object 506 rect from screen 0.8170,screen 0.4525 to screen 0.8310,screen 0.4685 fc rgb '#009e73' fs solid noborder
set label 'driver re-init' at screen 0.8380,0.4605 left font body textcolor rgb '#222222'
set label '994 µs' at screen 0.9850,0.4605 right font body textcolor rgb '#222222'
set object 507 rect from screen 0.8170,screen 0.4240 to screen 0.8310,screen 0.4400 fc rgb '#56b4e9' fs solid noborder
set label 'network re-init' at screen 0.8380,0.4320 left font body textcolor rgb '#222222'
set label '3.56 ms' at screen 0.9850,0.4320 right font body textcolor rgb '#222222'
set object 508 rect from screen 0.8170,screen 0.3955 to screen 0.8310,screen 0.4115 fc rgb '#9dc55b' fs solid noborder
set label 'first good reply' at screen 0.8380,0.4035 left font body textcolor rgb '#222222'
set label '1.52 ms' at screen 0.9850,0.4035 right font body textcolor rgb '#222222'
set arrow from screen 0.8170,screen 0.3865 to screen 0.9850,screen 0.3865 nohead lc rgb '#6b6b6b' lw 1
set label 'fault to first reply' at screen 0.8170,0.3695 left font body textcolor rgb '#222222'
set label '7.09 ms' at screen 0.9850,0.3695 right font strong textcolor rgb '#222222'
set label 'phases add up to 96.6 %' at screen 0.8170,0.3410 left font note textcolor rgb '#6b6b6b'
set label 'A phase marked by a frame' at screen 0.8170,0.2960 left font small textcolor rgb '#6b6b6b'
set label 'overlaps others: not in the sum.' at screen 0.8170,0.2760 left font small textcolor rgb '#6b6b6b'
set xrange [-62.3181:127.6819]
set yrange [0:1920.000]
set format x ''
unset xlabel
set ylabel 'per second' offset 0.6,0
set boxwidth 8.600 absolute
at(t) = t + 5.000 - (3952.318111)
due(n) = n * 100.000000
plot 'timeline.csv' using (at($1)):($4*100.000000) with boxes fc rgb '#1f6fb2' fs solid 0.75 noborder notitle, \
  '' using (at($1)):(due($2)) with histeps lc rgb '#3a3a3a' lw 1 notitle, \
  '' using ($5+$6 > 0 ? at($1) : NaN):(($5+$6)*100.000000) with boxes fc rgb '#c8102e' fs solid 0.9 noborder notitle
unset label
unset object
unset arrow
# Every request
set lmargin at screen 0.0620
set rmargin at screen 0.7950
set bmargin at screen 0.1080
set tmargin at screen 0.3040
set label 'Latency of every request, at its intended time of sending' at graph 0,graph 1 offset character 0,0.9 left font panel textcolor rgb '#222222'
set object 10 rect from 0.000000,graph 0 to 0.000000,graph 1 fc rgb '#d55e00' fs transparent solid 0.22 noborder behind
set object 11 rect from 0.000000,graph 0 to 0.045578,graph 1 fc rgb '#cc79a7' fs transparent solid 0.22 noborder behind
set object 12 rect from 0.045578,graph 0 to 0.433241,graph 1 fc rgb '#7b5aa6' fs transparent solid 0.22 noborder behind
set object 13 rect from 0.570908,graph 0 to 0.696236,graph 1 fc rgb '#e69f00' fs transparent solid 0.22 noborder behind
set object 14 rect from 0.731900,graph 0 to 0.942246,graph 1 fc rgb '#e8d33a' fs transparent solid 0.22 noborder behind
set object 15 rect from 0.977409,graph 0 to 1.971413,graph 1 fc rgb '#009e73' fs transparent solid 0.22 noborder behind
set object 16 rect from 1.998163,graph 0 to 5.561429,graph 1 fc rgb '#56b4e9' fs transparent solid 0.22 noborder behind
set object 17 rect from 5.565095,graph 0 to 7.084669,graph 1 fc rgb '#9dc55b' fs transparent solid 0.22 noborder behind
set arrow from 0.000000,graph 0 to 0.000000,graph 1 nohead lc rgb '#c8102e' lw 1.3  front
set arrow from 7.084669,graph 0 to 7.084669,graph 1 nohead lc rgb '#1a7f37' lw 1.3  front
set xrange [-62.3181:127.6819]
set xlabel 'ms since the fault' offset 0,0.4
set format x '%g'
set logscale y
set yrange [0.1:100]
set format y '%g'
set ylabel 'latency, ms' offset 0.6,0
bad_y = 70
set key at graph 1,graph 1.14 right top horizontal samplen 0.8 textcolor rgb '#222222'
plot 'requests.csv' using ($2/1e3-(3952.318111))*1:(strcol(6) eq 'good' ? ($5-$2)/1e3 : NaN) with points pt 7 ps 0.32 lc rgb '#1f6fb2' title 'good', \
  '' using ($2/1e3-(3952.318111))*1:(strcol(6) eq 'good' ? NaN : bad_y) with points pt 2 ps 0.6 lw 1.4 lc rgb '#c8102e' title 'error or lost'
unset logscale y
unset label
unset object
unset arrow
unset multiplot
unset output
set key off
}
