package hsds

import (
	"crypto/md5"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/englacial/zagg/internal/hdfrest"
)

// Keys are those of the bucket, without a slash at their beginning.

const domainFile = ".domain.json"

// domainKey is where a domain or folder is described.
func domainKey(p string) string {
	return strings.TrimPrefix(strings.TrimSuffix(p, "/")+"/"+domainFile, "/")
}

// tree is what all keys of the objects of a domain begin with; "" for schema 1, whose keys share nothing.
func tree(id hdfrest.ID) string {
	if id.Old {
		return ""
	}
	return "db/" + half(id) + "/"
}

// half is the digits that all ids of a domain share.
func half(id hdfrest.ID) string { return id.String()[2:19] }

// rootOf is the id of the root group of the domain whose ids share these digits; false: they are none.
func rootOf(half string) (hdfrest.ID, bool) {
	id, ok := hdfrest.ParseID("g-" + half + "-0000-000000-000000")
	return hdfrest.RootID(id.Domain), ok
}

func rest(id hdfrest.ID) string { return id.String()[20:] }

// isRoot reports the id of a domain's root group.
func isRoot(id hdfrest.ID) bool { return !id.Old && id == hdfrest.RootID(id.Domain) }

// hashed is a key of schema 1, which is spread over the bucket.
func hashed(id string) string {
	h := md5.Sum([]byte(id))
	return hex.EncodeToString(h[:])[:5] + "-" + id
}

// objectFolder is what the keys of all that belongs to an object of schema 2 begin with.
func objectFolder(id hdfrest.ID) string {
	if isRoot(id) {
		return tree(id)
	}
	return tree(id) + string(id.Kind) + "/" + rest(id) + "/"
}

// objectKey is where an object is described.
func objectKey(id hdfrest.ID) string {
	if id.Old {
		return hashed(id.String())
	}
	name := map[hdfrest.Kind]string{hdfrest.GroupKind: ".group.json", hdfrest.DatasetKind: ".dataset.json", hdfrest.DatatypeKind: ".datatype.json"}
	return objectFolder(id) + name[id.Kind]
}

// ofDomains reports a key of what domains consist of. Who may use it is for the domain to say.
func ofDomains(key string) bool {
	name := key[strings.LastIndexByte(key, '/')+1:]
	if name == domainFile || strings.HasPrefix(key, journalFolder) || len(name) > 6 && hashed(name[6:]) == name {
		return true
	}
	rest, inTree := strings.CutPrefix(key, "db/")
	digits, _, _ := strings.Cut(rest, "/")
	_, ok := rootOf(digits)
	return inTree && ok
}

// chunkKey is where a chunk of a dataset is.
func chunkKey(id hdfrest.ID, index []uint64) string {
	var b strings.Builder
	for i, x := range index {
		if i > 0 {
			b.WriteByte('_')
		}
		b.WriteString(strconv.FormatUint(x, 10))
	}
	if len(index) == 0 {
		b.WriteByte('0') // of a scalar
	}
	if id.Old {
		return hashed("c-" + id.String()[2:] + "_" + b.String())
	}
	return objectFolder(id) + b.String()
}

// parseChunk is the index that a name of a chunk has.
func parseChunk(name string, rank int) ([]uint64, bool) {
	parts := strings.Split(name, "_")
	if len(parts) != max(rank, 1) {
		return nil, false
	}
	out := make([]uint64, len(parts))
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 63)
		if err != nil || strconv.FormatUint(v, 10) != p {
			return nil, false
		}
		out[i] = v
	}
	return out[:rank], true
}
