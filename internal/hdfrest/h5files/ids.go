package h5files

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/internal/hdfrest"
)

// A fileKey makes the ids of one version of one file.
type fileKey struct {
	domain [8]byte
	mask   uint64
	secret [16]byte // for checks: not secret, but not guessed by chance either
}

func key(n hdfrest.Name, version string) fileKey {
	h := sha256.Sum256([]byte("zagg hdf domain\x00" + n.Bucket + "\x00" + n.Path + "\x00" + version))
	k := fileKey{mask: binary.BigEndian.Uint64(h[8:])}
	copy(k.domain[:], h[:8])
	copy(k.secret[:], h[16:])
	return k
}

// addressBits hold any address of a file that S3 can have.
const addressBits = 48

// check is what an id has beside the address, so that an id that nobody gave out is known as such.
func (k *fileKey) check(kind hdfrest.Kind, address uint64) uint64 {
	var b [25]byte
	copy(b[:], k.secret[:])
	b[16] = byte(kind)
	binary.BigEndian.PutUint64(b[17:], address)
	h := sha256.Sum256(b[:])
	return uint64(binary.BigEndian.Uint16(h[:]))
}

// id is the id of the object whose header is at an address.
func (k *fileKey) id(kind hdfrest.Kind, address uint64) hdfrest.ID {
	id := hdfrest.ID{Kind: kind, Domain: k.domain}
	v := (k.check(kind, address)<<addressBits | address&(1<<addressBits-1)) ^ k.mask
	binary.BigEndian.PutUint64(id.Object[:], v)
	return id
}

// address is where an id's object is; false: it is none of this file's.
func (k *fileKey) address(id hdfrest.ID, root uint64) (uint64, bool) {
	if id.Domain != k.domain {
		return 0, false
	}
	if id == hdfrest.RootID(k.domain) {
		return root, true
	}
	v := binary.BigEndian.Uint64(id.Object[:]) ^ k.mask
	at := v & (1<<addressBits - 1)
	return at, v>>addressBits == k.check(id.Kind, at) && at != root
}

func kindOf(k h5.Kind) hdfrest.Kind {
	switch k {
	case h5.GroupKind:
		return hdfrest.GroupKind
	case h5.DatatypeKind:
		return hdfrest.DatatypeKind
	}
	return hdfrest.DatasetKind
}
