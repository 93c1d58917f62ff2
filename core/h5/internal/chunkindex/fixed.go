package chunkindex

import (
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/space"
)

const (
	fixedHeader = "fixed array header"
	fixedBlock  = "fixed array data block"
)

// Fixed reads the fixed array whose header is at addr.
func Fixed(r *space.Reader, addr uint64, visit Visit) error {
	c, err := r.Read(fixedHeader, addr, int64(12+r.Sizes.Length+r.Sizes.Offset))
	if err != nil {
		return err
	}
	c.Magic("FAHD")
	c.Version(0, 0)
	e := elements{visit: visit}
	e.check(c, c.U8(), int(c.U8()))
	pageBits := int(c.U8())
	e.limit = c.Length()
	block := c.Addr()
	if c.Err() == nil {
		err = verified(c, 0)
	}
	if err != nil || c.Err() != nil || block == cursor.Undefined {
		return firstOf(c.Err(), err)
	}
	if pageBits > 32 {
		return c.Fail("pages of 2^%d elements", pageBits)
	}
	if err := clip(r, c, e.limit, uint64(e.size)); err != nil {
		return err
	}
	return fixedElements(r, &e, block, 1<<pageBits)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// fixedElements reads the data block: all elements, or, if there are more than a page, pages of them behind a bitmap that
// says which were ever written.
func fixedElements(r *space.Reader, e *elements, addr uint64, perPage int) error {
	prefix := 6 + r.Sizes.Offset
	n := int(e.limit)
	pages := 0
	body := n * e.size
	if n > perPage {
		pages = (n + perPage - 1) / perPage
		body = (pages + 7) / 8
	}
	c, err := r.Read(fixedBlock, addr, int64(prefix+body+4))
	if err != nil {
		return err
	}
	c.Magic("FADB")
	c.Version(0, 0)
	c.Skip(prefix - 5)
	if err := firstOf(c.Err(), verified(c, body)); err != nil {
		return err
	}
	if pages == 0 {
		return e.decode(c, 0, n)
	}
	written := c.Bytes(body)
	var list []page
	at := addr + uint64(prefix+body+4)
	for i := range pages {
		p := page{at, uint64(i * perPage), min(perPage, n-i*perPage)}
		if bit(written, i) {
			list = append(list, p)
		}
		at += uint64(perPage*e.size + 4)
	}
	return e.pages(r, list)
}
