package filter

import "errors"

var errLZF = errors.New("stream is damaged")

// lzf undoes LibLZF: a control byte below 32 precedes that many literal bytes plus one; another begins a copy of what
// came before, with length and distance in its bits and the next one or two bytes.
func lzf(dst, src []byte) (int, error) {
	n := 0
	for i := 0; i < len(src); {
		ctrl := int(src[i])
		i++
		if ctrl < 32 {
			k := ctrl + 1
			if k > len(src)-i {
				return n, errLZF
			}
			if k > len(dst)-n {
				return n, errRoom
			}
			copy(dst[n:], src[i:i+k])
			i, n = i+k, n+k
			continue
		}
		k := ctrl >> 5
		if k == 7 {
			if i >= len(src) {
				return n, errLZF
			}
			k += int(src[i])
			i++
		}
		if i >= len(src) {
			return n, errLZF
		}
		from := n - (ctrl&31<<8 | int(src[i])) - 1
		i++
		k += 2
		if from < 0 {
			return n, errLZF
		}
		if k > len(dst)-n {
			return n, errRoom
		}
		for range k { // may overlap itself
			dst[n] = dst[from]
			n, from = n+1, from+1
		}
	}
	return n, nil
}
