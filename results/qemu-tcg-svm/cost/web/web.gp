$web << END
x,native,monitor
0,25864.0,25870.4
1,26877.0,26883.4
2,70649.7,70658.3
END
# SPDX-License-Identifier: MIT
set encoding utf8
set datafile separator ','
set datafile columnheaders
do for [kind in 'svg png'] {
if (kind eq 'svg') {
  set terminal svg size 1400,640 dynamic rounded noenhanced font 'DejaVu Sans,14' background '#ffffff'
} else {
  set terminal pngcairo size 1400,640 noenhanced rounded font 'DejaVu Sans,10.5' background '#ffffff'
}
set output 'web.'.kind
sans(size) = sprintf('DejaVu Sans,%.1f', kind eq 'svg' ? size * 1.333 : size)
sans_bold(size) = sprintf('DejaVu Sans Bold,%.1f', kind eq 'svg' ? size * 1.333 : size)
small = sans(8.5); note = sans(9); body = sans(10); panel = sans_bold(10); heading = sans_bold(12.5)
set border 3 lc rgb '#6b6b6b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#222222'
set grid ytics lt 1 lc rgb '#e4e4e4' lw 1
set title 'Instructions per web request, native and with monitors' font heading offset 0,0.5
set key outside right top font body
set bmargin 6
set style fill solid 0.85
set boxwidth 0.3
set xrange [-0.6:2.6]
set yrange [0:*]
set ytics font body
set xtics ('64 bytes, +0.025 %%' 0, '1024 bytes, +0.024 %%' 1, '16384 bytes, +0.012 %%' 2) font body
set xlabel 'page, and what monitors add' font body
set ylabel 'instructions per request' font body
set label 1 'Platform qemu-tcg-svm; one tick is one instruction of any core (qemu-tcg-svm, -icount shift=0); 1 run of each; instructions counted by the emulated PMU, simulated: sandybridge.' at screen 0.02,0.03 font note textcolor rgb '#6b6b6b'
plot $web using ($1-0.17):2 with boxes lc rgb '#b9b9b9' title 'native', $web using ($1+0.17):3 with boxes lc rgb '#1f6fb2' title 'monitor'
unset multiplot
unset output
}
