package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"sort"

	"github.com/englacial/zagg/core/h5"
)

// What was never written takes no byte of a file and can be declared of any size. These bound the work for it.
const (
	h5FillBytes  = 4096     // of an element, up to which a fill value of zeros is printed
	h5FillValues = 64 << 20 // of values, up to which they are printed without being selected
	h5FillHashed = 2 << 30  // of values, up to which a command hashes them
)

// h5FillShown reports that a dataset's fill value is worth printing: the file says it, or it is small.
func h5FillShown(set *h5.Dataset) bool { return set.FillStored() || set.Type().Size <= h5FillBytes }

// h5Total is the bytes of a dataset's values, h5Unwritten how many of them the file does not have. The chunk table must be
// loaded.
func h5Total(set *h5.Dataset) int64 {
	space := set.Space()
	return int64(space.Elements()) * int64(set.Type().Size) // less than 2⁶³: datasets are checked
}

func h5Unwritten(ctx context.Context, set *h5.Dataset) int64 {
	total := h5Total(set)
	table, err := set.Chunks(ctx)
	switch {
	case err != nil || set.Storage() == h5.Compact || set.Storage() == h5.Virtual:
		return 0 // reading says what is wrong
	case set.Storage() == h5.Contiguous && len(table) > 0:
		return 0
	}
	chunk := float64(set.Type().Size)
	for _, n := range set.ChunkShape() {
		chunk *= float64(n)
	}
	return total - int64(min(float64(total), math.Ceil(chunk*float64(len(table)))))
}

// h5Unread says why values that the file hardly has are not gone through.
func h5Unread(set *h5.Dataset, unwritten int64) string {
	return fmt.Sprintf("%s of its %s bytes of values were never written", thousands(unwritten), thousands(h5Total(set)))
}

// An h5Budget is the bytes that may still be hashed of values that were never written.
type h5Budget struct {
	left int64
	all  bool
}

// take takes a dataset's values off the budget, or says why not.
func (b *h5Budget) take(ctx context.Context, set *h5.Dataset) string {
	n := int64(0)
	if !b.all {
		n = h5Unwritten(ctx, set)
	}
	if n > b.left {
		return h5Unread(set, n) + ": --full-hash hashes them"
	}
	b.left -= n
	return ""
}

// An h5Hash is the SHA-256 of values in packed form.
type h5Hash struct {
	hash.Hash
	buf []byte
}

func newH5Hash() *h5Hash { return &h5Hash{Hash: sha256.New()} }

func (h *h5Hash) add(v *h5.Values) {
	h.buf = v.AppendPacked(h.buf[:0])
	h.Write(h.buf)
}

func (h *h5Hash) String() string { return hex.EncodeToString(h.Sum(nil)) }

// hash hashes all values of a dataset. Blocks of which nothing was written are hashed without making their values.
func (d *h5Describer) hash(ctx context.Context, set *h5.Dataset) (string, error) {
	sum := newH5Hash()
	table, err := set.Chunks(ctx)
	if err != nil {
		return "", err
	}
	empty := func(h5.Selection) bool {
		return len(table) == 0 && set.Storage() != h5.Compact && set.Storage() != h5.Virtual
	}
	if shape := set.ChunkShape(); len(shape) > 0 {
		empty = func(part h5.Selection) bool {
			first := uint64(part[0][0].Start)
			end := first + uint64(part[0][0].Count)
			i := sort.Search(len(table), func(i int) bool { return table[i].Start[0]+shape[0] > first })
			return i == len(table) || table[i].Start[0] >= end
		}
	}
	if set.Space().Null {
		return sum.String(), nil
	}
	if err := set.Readable(); err != nil {
		return "", err
	}
	err = h5Blocks(set, h5Everything(set.Shape()), func(part h5.Selection) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !empty(part) {
			return h5Halve(ctx, set, part, func(v *h5.Values) error { sum.add(v); return ctx.Err() })
		}
		n := int64(1)
		for _, spans := range part {
			n *= spans[0].Count
		}
		return set.WriteFill(sum, n)
	})
	return sum.String(), err
}
