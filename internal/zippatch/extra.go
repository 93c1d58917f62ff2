package zippatch

import "fmt"

// fields visits the fields of an extra area (4.5.1): header, and the whole field with its header. Fewer than four bytes
// at the end are padding that some writers leave.
func fields(extra []byte, visit func(id uint16, field []byte)) error {
	for len(extra) >= 4 {
		n := 4 + int(le.Uint16(extra[2:]))
		if n > len(extra) {
			return fmt.Errorf("its extra field %#04x is longer than there is room", le.Uint16(extra))
		}
		visit(le.Uint16(extra), extra[:n:n])
		extra = extra[n:]
	}
	return nil
}

// zip64 takes sizes and offset from the field of zip64 (4.5.3): those that do not fit, in a fixed order. disk reports
// an entry of another part of an archive.
func (e *Entry) zip64(disk uint16) (other bool, err error) {
	var field []byte
	if err := fields(e.extra, func(id uint16, f []byte) {
		if id == extraZip64 && field == nil {
			field = f[4:]
		}
	}); err != nil {
		return false, err
	}
	for _, v := range []struct {
		value *int64
		name  string
	}{{&e.size, "size"}, {&e.packed, "packed size"}, {&e.start, "offset"}} {
		if *v.value != all32 {
			continue
		}
		if len(field) < 8 {
			return false, fmt.Errorf("its %s is said to be in a zip64 field, which does not have it", v.name)
		}
		*v.value = int64(le.Uint64(field))
		if *v.value < 0 || *v.value > 1<<48 {
			return false, fmt.Errorf("its %s, %d, is impossible", v.name, le.Uint64(field))
		}
		field = field[8:]
	}
	if disk == all16 && len(field) >= 4 {
		return le.Uint32(field) != 0, nil
	}
	return disk != 0, nil
}

// moved is the entry's header for another place in the archive, counted as offsets in it are.
func (e *Entry) moved(offset int64) []byte {
	raw := append([]byte(nil), e.raw...)
	if le.Uint32(raw[42:]) != all32 {
		le.PutUint32(raw[42:], uint32(offset))
		return raw
	}
	at := 4
	for _, field := range []int{24, 20} { // those before it in the field
		if le.Uint32(raw[field:]) == all32 {
			at += 8
		}
	}
	start := sizeCentral + len(e.name)
	found := false
	fields(raw[start:start+len(e.extra)], func(id uint16, f []byte) { //nolint:errcheck // it was read before
		if id == extraZip64 && !found {
			le.PutUint64(f[at:], uint64(offset))
			found = true
		}
	})
	return raw
}

// kept is an extra area for a file with another content: without what speaks of sizes and of the content's coding.
func kept(extra []byte) []byte {
	const alignment = 0xd935 // Android: padding to where the content began
	var out []byte
	fields(extra, func(id uint16, f []byte) { //nolint:errcheck // what cannot be read is left out
		if id != extraZip64 && id != alignment {
			out = append(out, f...)
		}
	})
	return out
}
