package hsds

import (
	"testing"

	"github.com/englacial/zagg/internal/hdfrest"
)

// Whatever a bucket holds, reading it is an error or gives what can be used.
func FuzzParseObject(f *testing.F) {
	const id = "d-01020304-05060708-090a-0b0c0d-0e0f10"
	f.Add([]byte(`{"id":"`+id+`","root":"g-01020304-05060708-898a-8b8c8d-8e8f80","created":1.5,"type":{"class":"H5T_INTEGER","base":"H5T_STD_I32LE"},"shape":{"class":"H5S_SIMPLE","dims":[5,4],"maxdims":[0,4]},"layout":{"class":"H5D_CHUNKED","dims":[2,4]},"creationProperties":{"fillValue":-1,"filters":[{"id":2},{"id":1}]},"attributes":{"a":{"type":"H5T_IEEE_F64LE","shape":{"class":"H5S_SCALAR"},"value":NaN}}}`), []byte{1, 2, 3})
	f.Add([]byte(`{"id":"`+id+`","root":"g-01020304-05060708-898a-8b8c8d-8e8f80","type":{"class":"H5T_STRING","length":"H5T_VARIABLE"},"shape":{"class":"H5S_SCALAR"},"creationProperties":{"layout":{"class":"H5D_CHUNKED_REF","file_uri":"s3://a/b","dims":[3],"chunks":{"0":[1,2]}}}}`), []byte{1, 0, 0, 0, 'a'})
	f.Fuzz(func(t *testing.T, text, chunk []byte) {
		if d, err := parseDomain(text); err == nil {
			d.list()
		}
		want, _ := hdfrest.ParseID(id)
		m, err := parseObject(want, text)
		if err != nil {
			return
		}
		for _, a := range m.attributes {
			if a, err := attribute(a); err == nil {
				_, _ = attributeData(&a, nil)
			}
		}
		if m.dataset.shape.Null {
			return
		}
		if n, _ := m.dataset.chunkElements(); n > 1<<16 {
			return
		}
		if data, err := m.dataset.decodeChunk(chunk, 1<<20); err == nil && !m.dataset.fixed {
			_, _ = m.dataset.cellsOf(m.t, data)
		}
	})
}
