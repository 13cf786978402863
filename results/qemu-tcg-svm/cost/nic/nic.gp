$t1 << END
n,i
1,4598.5
2,4777.6
3,4902.0
4,5003.1
END
$t2 << END
n,i
1,4623.6
2,4654.7
3,4659.5
4,4661.8
END
$t3 << END
n,i
1,3723.1
2,3853.5
3,3933.8
4,4001.0
END
$t4 << END
n,i
1,4758.4
2,4878.9
3,4925.7
4,4980.0
END
# SPDX-License-Identifier: MIT
set encoding utf8
set datafile separator ','
set datafile columnheaders
do for [kind in 'svg png'] {
if (kind eq 'svg') {
  set terminal svg size 1400,720 dynamic rounded noenhanced font 'DejaVu Sans,14' background '#ffffff'
} else {
  set terminal pngcairo size 1400,720 noenhanced rounded font 'DejaVu Sans,10.5' background '#ffffff'
}
set output 'nic.'.kind
sans(size) = sprintf('DejaVu Sans,%.1f', kind eq 'svg' ? size * 1.333 : size)
sans_bold(size) = sprintf('DejaVu Sans Bold,%.1f', kind eq 'svg' ? size * 1.333 : size)
small = sans(8.5); note = sans(9); body = sans(10); panel = sans_bold(10); heading = sans_bold(12.5)
set border 3 lc rgb '#6b6b6b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#222222'
set grid ytics lt 1 lc rgb '#e4e4e4' lw 1
set title 'What sharing a network interface costs' font heading offset 0,0.5
set key outside right top font body
set bmargin 6
set xrange [0.8:4.2]
set xtics 1,1,4 font body
set yrange [0:*]
set ytics font body
set xlabel 'sandboxes that share the interface' font body
set ylabel 'instructions per packet, all of the sandbox' font body
set label 1 'Platform qemu-tcg-svm; one tick is one instruction of any core (qemu-tcg-svm, -icount shift=0); 1 run of each; instructions counted by the emulated PMU, simulated: sandybridge.' at screen 0.02,0.03 font note textcolor rgb '#6b6b6b'
plot $t1 using 1:2 with linespoints pt 7 ps 1.1 lw 2 lc rgb '#1f6fb2' title 'udp-receive, shared driver', 4413.3 with lines dt 2 lw 1.5 lc rgb '#1f6fb2' title 'udp-receive, unshared driver', $t2 using 1:2 with linespoints pt 7 ps 1.1 lw 2 lc rgb '#d55e00' title 'udp-send, shared driver', 4431.7 with lines dt 2 lw 1.5 lc rgb '#d55e00' title 'udp-send, unshared driver', $t3 using 1:2 with linespoints pt 7 ps 1.1 lw 2 lc rgb '#009e73' title 'tcp-receive, shared driver', 3551.3 with lines dt 2 lw 1.5 lc rgb '#009e73' title 'tcp-receive, unshared driver', $t4 using 1:2 with linespoints pt 7 ps 1.1 lw 2 lc rgb '#7b5aa6' title 'tcp-send, shared driver', 4574.5 with lines dt 2 lw 1.5 lc rgb '#7b5aa6' title 'tcp-send, unshared driver'
unset multiplot
unset output
}
