package main

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
)

// The set is like a wind atlas in HSDS's older schema: hours of seven years by a grid of 1,602 by 2,976 points of 4 bytes, 1.2 TB,
// of which a few chunks are there.
const (
	atlasRoot = "g-2428ae0e-a082-11e6-9d93-0242ac110005"
	atlasSet  = "d-d29fda32-85f3-11e7-bf89-0242ac110008"
	hours     = 61368
	inSeries  = 23 // chunks of one point's series
)

func atlasChunk() [3]int { return [3]int{2688, 17, 16} }

func hashed(id string) string {
	h := md5.Sum([]byte(id))
	return hex.EncodeToString(h[:])[:5] + "-" + id
}

// atlas measures the series of single points: one of which no chunk is there, one with three, and one with all.
func (f *function) atlas(ctx context.Context) error {
	if err := f.putAtlas(ctx); err != nil {
		return err
	}
	name, err := f.cold()
	if err != nil {
		return err
	}
	fmt.Printf("The series of one point, %d hours, of a set of %d by 1602 by 2976 in HSDS's storage, warm:\n\n| of its %d chunks are there | least ms | median | most | S3 requests |\n|---|---|---|---|---|\n", hours, hours, inSeries)
	for column, there := range []int{0, 3, inSeries} {
		var all []time.Duration
		var r reply
		for i := range f.o.repeat + 1 {
			chunk := atlasChunk()
			sel := fmt.Sprintf("[:,%d,%d]", chunk[1]+i%chunk[1], column*chunk[2]+i%chunk[2])
			if r, err = f.get(ctx, name, "/datasets/"+atlasSet+"/value", "/nrel/atlas.h5", map[string]string{"select": sel}, "application/octet-stream"); err != nil {
				return err
			}
			if i > 0 {
				all = append(all, r.wall)
			}
		}
		printRow(fmt.Sprint(there), all, fmt.Sprint(r.requests))
	}
	fmt.Println()
	return nil
}

func (f *function) putAtlas(ctx context.Context) error {
	access, secret := f.s3.Owner()
	store, err := s3store.New(ctx, s3store.Options{Endpoint: f.s3.Direct(), Region: "us-east-1", Credentials: &s3store.Credentials{AccessKeyID: access, SecretAccessKey: secret}})
	if err != nil {
		return err
	}
	chunk := atlasChunk()
	common := `"root":"` + atlasRoot + `","created":1.0,"lastModified":1.0,"attributes":{}`
	objects := map[string][]byte{
		"nrel/.domain.json":          []byte(`{"owner":"admin","acls":{"default":{"read":true}},"created":1.0,"lastModified":1.0}`),
		"nrel/atlas.h5/.domain.json": []byte(`{"owner":"admin","acls":{"default":{"read":true}},"root":"` + atlasRoot + `","created":1.0,"lastModified":1.0}`),
		hashed(atlasRoot):            []byte(`{"id":"` + atlasRoot + `",` + common + `,"links":{"wind":{"class":"H5L_TYPE_HARD","id":"` + atlasSet + `","created":1.0}}}`),
		hashed(atlasSet): fmt.Appendf(nil, `{"id":"%s",%s,"type":{"class":"H5T_FLOAT","base":"H5T_IEEE_F32LE"},"shape":{"class":"H5S_SIMPLE","dims":[%d,1602,2976]},"layout":{"class":"H5D_CHUNKED","dims":[%d,%d,%d]},"creationProperties":{"fillValue":-9.0,"filters":[{"class":"H5Z_FILTER_SHUFFLE","id":2},{"class":"H5Z_FILTER_DEFLATE","id":1,"level":4}]}}`,
			atlasSet, common, hours, chunk[0], chunk[1], chunk[2]),
	}
	text, err := atlasValues(chunk)
	if err != nil {
		return err
	}
	for column, there := range []int{0, 3, inSeries} {
		for k := range there {
			objects[hashed(fmt.Sprintf("c-%s_%d_1_%d", atlasSet[2:], k, column))] = text
		}
	}
	for key, data := range objects {
		if err := objstore.PutBytes(ctx, store, "s3://"+bucket+"/"+key, data, core.PutOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// atlasValues is a chunk of winds, in steps of 1 cm/s, shuffled and deflated.
func atlasValues(chunk [3]int) ([]byte, error) {
	n := chunk[0] * chunk[1] * chunk[2]
	shuffled := make([]byte, 4*n)
	for i := range n {
		hour, point := i/(chunk[1]*chunk[2]), i%(chunk[1]*chunk[2])
		speed := 8 + 4*math.Sin(float64(hour)/9) + 2*math.Sin(float64(hour)/61) + float64(point)/100
		var b [4]byte
		binary.LittleEndian.PutUint32(b[:], math.Float32bits(float32(math.Round(100*speed)/100)))
		for k := range b {
			shuffled[k*n+i] = b[k]
		}
	}
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	if _, err := z.Write(shuffled); err != nil {
		return nil, err
	}
	err := z.Close()
	return out.Bytes(), err
}
