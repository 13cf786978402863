$t1 << END
n,i
1,4926.5
2,5143.9
3,5287.6
4,5412.2
END
$t2 << END
n,i
1,5112.0
2,5107.0
3,5062.9
4,5061.9
END
$t3 << END
n,i
1,4066.0
2,4209.3
3,4302.5
4,4388.8
END
$t4 << END
n,i
1,5130.0
2,5264.4
3,5310.8
4,5345.1
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
plot $t1 using 1:2 with linespoints pt 7 ps 1.1 lw 2 lc rgb '#1f6fb2' title 'udp-receive, shared driver', 4389.7 with lines dt 2 lw 1.5 lc rgb '#1f6fb2' title 'udp-receive, unshared driver', $t2 using 1:2 with linespoints pt 7 ps 1.1 lw 2 lc rgb '#d55e00' title 'udp-send, shared driver', 4498.9 with lines dt 2 lw 1.5 lc rgb '#d55e00' title 'udp-send, unshared driver', $t3 using 1:2 with linespoints pt 7 ps 1.1 lw 2 lc rgb '#009e73' title 'tcp-receive, shared driver', 3535.7 with lines dt 2 lw 1.5 lc rgb '#009e73' title 'tcp-receive, unshared driver', $t4 using 1:2 with linespoints pt 7 ps 1.1 lw 2 lc rgb '#7b5aa6' title 'tcp-send, shared driver', 4587.8 with lines dt 2 lw 1.5 lc rgb '#7b5aa6' title 'tcp-send, unshared driver'
unset multiplot
unset output
}
