package objstore_test

import (
	"context"
	"fmt"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

// The usual stack: neighbouring ranges become one request, what is unavailable is tried again, and all that is asked is counted.
func ExampleCoalesce() {
	ctx, memory := context.Background(), &objstore.Mem{}
	if err := objstore.PutBytes(ctx, memory, "mem://granule", []byte("heights and errors"), core.PutOptions{}); err != nil {
		fmt.Println(err)
		return
	}
	var used objstore.Counter
	const gap, most = 64 << 10, 8 << 20 // bytes
	reader := objstore.Coalesce(objstore.RetryReader(objstore.MeterReader(memory, &used), objstore.Policy{}), gap, most)
	got, err := reader.ReadRanges(ctx, "mem://granule", []core.Range{{Offset: 0, Length: 7}, {Offset: 12, Length: 6}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s, %s: %d request\n", got[0], got[1], used.Usage().Gets)
	// Output: heights, errors: 1 request
}
