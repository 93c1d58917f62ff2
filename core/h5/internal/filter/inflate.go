package filter

import "github.com/englacial/zagg/core/h5/internal/inflate"

// inflate undoes deflate: src is a zlib stream of at most len(dst) bytes.
func (s *Scratch) inflate(dst, src []byte) (int, error) {
	d, ok := s.decoders.Get().(*inflate.Decoder)
	if !ok {
		d = new(inflate.Decoder)
	}
	defer s.decoders.Put(d)
	return d.Decode(dst, src)
}
