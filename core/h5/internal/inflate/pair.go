package inflate

// A Pair decodes two streams side by side, which takes three quarters of the time of one after the other. It is 16 KB, to
// be used again; the zero Pair is ready to use, by one goroutine at a time.
type Pair struct{ lanes [2]Decoder }

// A Turn is told how the last stream of a lane, 0 or 1, ended: n bytes and the error are as of Decoder.Decode, and both
// are zero where the lane had none. It gives the lane's next one, or ok false if there are no more for any lane.
type Turn func(lane, n int, err error) (dst, src []byte, ok bool)

// Decode decodes the streams that turn gives. It calls turn for a lane whenever that is free, so that no lane waits for
// the other.
func (p *Pair) Decode(turn Turn) {
	live := [2]bool{p.next(0, turn, 0, nil), p.next(1, turn, 0, nil)}
	for live[0] || live[1] {
		lane, why := 0, stop(0)
		switch {
		case live[0] && live[1]:
			lane, why = two(&p.lanes[0], &p.lanes[1])
		case live[1]:
			lane = 1
			fallthrough
		default:
			why = p.lanes[lane].one()
		}
		if more, err := p.lanes[lane].resume(why); !more {
			live[lane] = p.next(lane, turn, p.lanes[lane].end(), err)
		}
	}
}

// next begins a lane's next stream; false if there is none. Streams without a compressed block are done here.
func (p *Pair) next(lane int, turn Turn, n int, err error) bool {
	for {
		dst, src, ok := turn(lane, n, err)
		if !ok {
			return false
		}
		var more bool
		if more, err = p.lanes[lane].begin(dst, src); more {
			return true
		}
		n = p.lanes[lane].end()
	}
}
