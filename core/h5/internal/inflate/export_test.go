package inflate

// Adler32 is for tests of another package.
func Adler32(p []byte) uint32 {
	s := adler{a: 1}
	s.add(p)
	return s.value()
}
