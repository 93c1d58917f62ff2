package zippatch

import "slices"

// Versions and systems (4.4.2, 4.4.3).
const (
	version    = 20
	version64  = 45
	madeByUnix = 3
)

// epoch is the first day that a zip can name, 1980-01-01 (4.4.6): the same change gives the same bytes.
const epoch = 1<<5 | 1

// replaced gives the bytes of an entry with another content, and its header in the directory. Time, modes, comment and
// other fields stay; what is stored stays stored.
func (e *Entry) replaced(c *Content, offset int64) (local [][]byte, central []byte, err error) {
	method := uint16(methodDeflate)
	if e.method == methodStore {
		method = methodStore
	}
	data, err := c.packed(method)
	if err != nil {
		return nil, nil, err
	}
	extra := kept(e.extra)
	comment := e.raw[sizeCentral+len(e.name)+len(e.extra):]
	central = slices.Concat(e.raw[:sizeCentral], e.name, extra, comment)
	fill(central, e.flags&flagUTF8, method, c, len(data), offset)
	le.PutUint16(central[30:], uint16(len(extra)))
	le.PutUint16(central[34:], 0)
	return [][]byte{localOf(central, e.name, kept(e.local)), data}, central, nil
}

// created gives the bytes of a new entry, and its header in the directory.
func created(e Edit, offset int64) (local [][]byte, central []byte, err error) {
	method := uint16(methodDeflate)
	if int64(len(e.Content.deflated)) >= e.Content.size {
		method = methodStore
	}
	data, err := e.Content.packed(method)
	if err != nil {
		return nil, nil, err
	}
	flags := uint16(0)
	if !ascii(e.Name) {
		flags = flagUTF8
	}
	central = append(make([]byte, sizeCentral), e.Name...)
	le.PutUint32(central, sigCentral)
	le.PutUint16(central[4:], madeByUnix<<8|version)
	le.PutUint16(central[14:], epoch)
	le.PutUint16(central[28:], uint16(len(e.Name)))
	le.PutUint32(central[38:], 0o100755<<16)
	fill(central, flags, method, e.Content, len(data), offset)
	return [][]byte{localOf(central, []byte(e.Name), nil), data}, central, nil
}

// fill writes what a content decides into a header of the directory.
func fill(central []byte, flags, method uint16, c *Content, packed int, offset int64) {
	le.PutUint16(central[6:], version)
	le.PutUint16(central[8:], flags)
	le.PutUint16(central[10:], method)
	le.PutUint32(central[16:], c.crc)
	le.PutUint32(central[20:], uint32(packed))
	le.PutUint32(central[24:], uint32(c.size))
	le.PutUint32(central[42:], uint32(offset))
}

// localOf is the local header that goes with a header of the directory (4.3.7). Its extra area is its own: owners are
// there only, and times are longer.
func localOf(central, name, extra []byte) []byte {
	out := le.AppendUint32(make([]byte, 0, sizeLocal+len(name)+len(extra)), sigLocal)
	out = append(out, central[6:28]...) // version, flags, method, time, CRC, sizes
	out = le.AppendUint16(out, uint16(len(name)))
	out = le.AppendUint16(out, uint16(len(extra)))
	return append(append(out, name...), extra...)
}
