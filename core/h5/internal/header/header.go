// Package header reads object headers of both versions with their continuation blocks (HDF5 File Format Specification
// 3.0, section IV.A.1) into a list of messages.
//
// Its tests are those of core/h5, which reads files of every form, damages and fuzzes them.
package header

import (
	"slices"

	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/space"
)

// The message types that are read.
const (
	Dataspace     = 0x01
	LinkInfo      = 0x02
	Datatype      = 0x03
	OldFill       = 0x04
	Fill          = 0x05
	Link          = 0x06
	External      = 0x07
	Layout        = 0x08
	Filters       = 0x0B
	Attribute     = 0x0C
	SharedTable   = 0x0F
	Continuation  = 0x10
	SymbolTable   = 0x11
	BTreeK        = 0x13
	AttributeInfo = 0x15
	DriverInfo    = 0x14
	FileSpace     = 0x17
	CacheImage    = 0x18
	maxMessages   = 1 << 16 // a compact object header holds fewer by far; dense storage takes over long before
	maxBlocks     = 1 << 12
	flagShared    = 0x02
	flagMust      = 0x80 // who does not know the message's type must not open the object
)

// understood reports the types whose meaning this reader knows: those above, and those that say nothing about how an
// object is read (group info, comments, times, reference counts).
func understood(typ int) bool { return typ <= CacheImage && typ != 0x09 }

// A Message is one message of a header.
type Message struct {
	Type   int
	Shared bool // the body says where the message is
	Order  int  // creation order of an attribute in the header; -1: not tracked
	Offset int64
	Body   []byte
}

// A Header is an object's messages in file order.
type Header struct {
	Addr     uint64
	Messages []Message
	Partial  bool // continuation blocks were left out
}

// First is the first message of a type, nil if there is none.
func (h *Header) First(typ int) *Message {
	for i := range h.Messages {
		if h.Messages[i].Type == typ {
			return &h.Messages[i]
		}
	}
	return nil
}

// Cursor walks over the message's body.
func (m *Message) Cursor(what string, sizes cursor.Sizes) *cursor.Cursor {
	return cursor.New(what, m.Offset, m.Body, sizes)
}

const what = "object header"

type reader struct {
	*space.Reader
	head    *Header
	v2      bool
	ordered bool // messages carry a creation order
	contd   []space.Piece
}

// Read reads the header at addr. Continuation blocks are left out from where enough says that no more is wanted; nil
// means all are.
func Read(r *space.Reader, addr uint64, enough func(*Header) bool) (*Header, error) {
	c, err := r.Glance(what, addr, 34, 512)
	if err != nil {
		return nil, err
	}
	if c.Len() < 16 {
		return nil, cursor.Corrupt(what, c.Base(), "the file is truncated at byte %d", c.Base()+int64(c.Len()))
	}
	h := &reader{Reader: r, head: &Header{Addr: addr}}
	if c.Len() >= 4 && string(c.Bytes(4)) == "OHDR" {
		h.v2 = true
		err = h.first2(c, addr)
	} else if c, err = r.Peek(what, addr, 16); err == nil {
		err = h.first1(c, addr)
	}
	for i := 0; err == nil && i < len(h.contd); i++ {
		if i >= maxBlocks {
			return nil, cursor.Corrupt(what, c.Base(), "has more than %d continuation blocks", maxBlocks)
		}
		if enough != nil && enough(h.head) {
			h.head.Partial = true
			break
		}
		err = h.continuation(h.contd[i])
	}
	if err != nil {
		return nil, err
	}
	return h.head, nil
}

// first1 reads the prefix of version 1 and the messages of the first block. How many messages there are is said too, but
// the HDF5 library goes by the blocks, and there are files in which the number is wrong.
func (h *reader) first1(c *cursor.Cursor, addr uint64) error {
	c.Version(1, 1)
	c.Skip(7) // reserved, messages, references
	n := int64(c.U32())
	c.Skip(4)
	if c.Err() != nil {
		return c.Err()
	}
	c, err := h.Read(what, addr+16, n)
	if err != nil {
		return err
	}
	return h.messages(c)
}

// first2 reads the prefix of version 2, whose size varies, and the messages of the first block.
func (h *reader) first2(c *cursor.Cursor, addr uint64) error {
	c.Version(2, 2)
	flags := c.U8()
	h.ordered = flags&0x04 != 0
	if flags&0x20 != 0 {
		c.Skip(16) // times
	}
	if flags&0x10 != 0 {
		c.Skip(4) // when attributes become dense
	}
	n := c.Uint(1 << (flags & 3))
	if c.Err() != nil {
		return c.Err()
	}
	prefix := c.Pos()
	if n > 1<<40 {
		return c.Fail("impossible size %d", n)
	}
	return h.block2(addr, prefix, int64(prefix)+int64(n)+4)
}

// block2 checks a block of n bytes with its signature and checksum, and reads the messages between.
func (h *reader) block2(addr uint64, prefix int, n int64) error {
	c, err := h.Read(what, addr, n)
	if err != nil {
		return err
	}
	c.Skip(prefix)
	body := c.Sub(what, int(n)-prefix-4)
	c.Checksum()
	if c.Err() != nil {
		return c.Err()
	}
	return h.messages(body)
}

func (h *reader) continuation(p space.Piece) error {
	if h.v2 {
		if p.N < 8 {
			return cursor.Corrupt(what, int64(p.Addr), "continuation block of %d bytes", p.N)
		}
		c, err := h.Read(what, p.Addr, p.N)
		if err != nil {
			return err
		}
		if c.Magic("OCHK"); c.Err() != nil {
			return c.Err()
		}
		return h.block2(p.Addr, 4, p.N)
	}
	c, err := h.Read(what, p.Addr, p.N)
	if err != nil {
		return err
	}
	return h.messages(c)
}

// messages reads the messages of a block. In version 2 a gap too small for a message may follow them.
func (h *reader) messages(c *cursor.Cursor) error {
	prefix := 8
	if h.v2 {
		prefix = 4
		if h.ordered {
			prefix = 6
		}
	}
	at := c.Base() + int64(c.Pos()) // a copy, so that what keeps the header does not keep a piece of the cache
	c = cursor.New(what, at, slices.Clone(c.Bytes(c.Len())), c.Sizes)
	for c.Err() == nil && c.Len() >= prefix {
		m, flags, n := h.prefix(c)
		m.Offset = c.Base() + int64(c.Pos())
		m.Body = c.Bytes(n)
		m.Shared = flags&flagShared != 0
		if err := h.add(c, m, flags); err != nil {
			return err
		}
	}
	return c.Err()
}

func (h *reader) prefix(c *cursor.Cursor) (m Message, flags uint8, n int) {
	m.Order = -1
	if !h.v2 {
		m.Type, n, flags = int(c.U16()), int(c.U16()), c.U8()
		c.Skip(3)
		return m, flags, n
	}
	m.Type, n, flags = int(c.U8()), int(c.U16()), c.U8()
	if h.ordered {
		m.Order = int(c.U16())
	}
	return m, flags, n
}

func (h *reader) add(c *cursor.Cursor, m Message, flags uint8) error {
	switch {
	case c.Err() != nil || m.Type == 0:
		return c.Err()
	case m.Type == Continuation:
		k := m.Cursor("continuation message", h.Sizes)
		p := space.Piece{Addr: k.Addr(), N: int64(k.Length())}
		h.contd = append(h.contd, p)
		return k.Err()
	case !understood(m.Type) && flags&flagMust != 0:
		return cursor.Unsupported(what, c.Base(), "message of unknown type %#x that must be understood", m.Type)
	case len(h.head.Messages) >= maxMessages:
		return c.Fail("has more than %d messages", maxMessages)
	}
	h.head.Messages = append(h.head.Messages, m)
	return nil
}
