package inflate

import "encoding/binary"

const (
	adlerModulus = 65521
	// adlerRun is how many words of eight bytes are summed in 16-bit lanes before any can overflow: the second sums
	// grow to 255·n(n-1)/2.
	adlerRun   = 22
	adlerBytes = adlerRun * 8
)

// An adler is the checksum of RFC 1950 §8.2 under way: a = 1 + Σ byte, b = Σ a after each byte, both modulo 65521.
type adler struct{ a, b uint64 }

func (s *adler) value() uint32 { return uint32(s.b)<<16 | uint32(s.a) }

// add goes on over p.
//
// The bytes of a run of n words are summed by their place j in the word, four places to a uint64: lane[j] = Σₖ byte[k][j],
// and sums[j] = Σₖ (lane[j] before word k). Then Σ byte = Σⱼ lane[j], and as each byte is in all later values of a, the
// run adds 8n·a + Σⱼ (8·sums[j] + (8-j)·lane[j]) to b.
func (s *adler) add(p []byte) {
	const even = 0x00ff00ff00ff00ff
	a, b := s.a, s.b
	for len(p) >= adlerBytes {
		// a stays below 2¹⁸ and b below 2⁵⁰ for 16 runs.
		for runs := 0; runs < 16 && len(p) >= adlerBytes; runs++ {
			run := (*[adlerBytes]byte)(p)
			var lane0, lane1, sums0, sums1 uint64
			for i := 0; i < adlerBytes; i += 16 {
				w := binary.LittleEndian.Uint64(run[i : i+8])
				sums0, sums1 = sums0+lane0, sums1+lane1
				lane0, lane1 = lane0+w&even, lane1+w>>8&even
				w = binary.LittleEndian.Uint64(run[i+8 : i+16])
				sums0, sums1 = sums0+lane0, sums1+lane1
				lane0, lane1 = lane0+w&even, lane1+w>>8&even
			}
			// Places 0, 2, 4, 6 weigh 8, 6, 4, 2 and places 1, 3, 5, 7 weigh 7, 5, 3, 1.
			b += adlerBytes*a + 8*(addLanes(sums0)+addLanes(sums1)) +
				8*(lane0&0xffff) + 6*(lane0>>16&0xffff) + 4*(lane0>>32&0xffff) + 2*(lane0>>48) +
				7*(lane1&0xffff) + 5*(lane1>>16&0xffff) + 3*(lane1>>32&0xffff) + lane1>>48
			a += addLanes(lane0) + addLanes(lane1)
			p = p[adlerBytes:]
		}
		a %= adlerModulus
		b %= adlerModulus
	}
	for _, c := range p {
		a += uint64(c)
		b += a
	}
	s.a, s.b = a%adlerModulus, b%adlerModulus
}

func addLanes(x uint64) uint64 {
	const pairs = 0x0000ffff0000ffff
	x = x&pairs + x>>16&pairs
	return x&0xffffffff + x>>32
}
