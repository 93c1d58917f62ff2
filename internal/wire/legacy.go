package wire

import (
	"encoding/binary"

	"github.com/englacial/zagg/core"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// Words are the packed words in a message; false where the bytes are no whole number of them.
func Words(b []byte) ([]uint64, bool) {
	if len(b)%8 != 0 {
		return nil, false
	}
	words := make([]uint64, len(b)/8)
	for i := range words {
		words[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return words, true
}

// LegacyToProto is a request without a handle.
func LegacyToProto(old *core.Legacy) *zaggv1.RestoreRequest {
	return &zaggv1.RestoreRequest{Signature: old.Signature, Keys: keysToProto(old.Keys), Settings: old.Settings,
		ShardOrder: orderToProto(old.ShardOrder), CellOrder: orderToProto(old.CellOrder)}
}

// LegacyFromProto is what a request says.
func LegacyFromProto(r *zaggv1.RestoreRequest) core.Legacy {
	return core.Legacy{Signature: orNil(r.Signature), Keys: keysFromProto(r.Keys), Settings: orNil(r.Settings),
		ShardOrder: orderFromProto(r.ShardOrder), CellOrder: orderFromProto(r.CellOrder)}
}

// RestoredToProto is a reply.
func RestoredToProto(r *core.Restored) *zaggv1.RestoreReply {
	return &zaggv1.RestoreReply{Signature: r.Signature, Explicit: r.Explicit, Settings: r.Settings, Keys: keysToProto(r.Keys), Note: r.Note}
}

// RestoredFromProto is what a reply says.
func RestoredFromProto(r *zaggv1.RestoreReply) core.Restored {
	return core.Restored{Signature: orNil(r.Signature), Explicit: orNil(r.Explicit), Settings: orNil(r.Settings), Keys: keysFromProto(r.Keys), Note: r.Note}
}

func keysToProto(keys []core.ShardKey) []string {
	var out []string
	for _, k := range keys {
		out = append(out, string(k))
	}
	return out
}

func keysFromProto(keys []string) []core.ShardKey {
	var out []core.ShardKey
	for _, k := range keys {
		out = append(out, core.ShardKey(k))
	}
	return out
}

func orderToProto(n *int) *int64 {
	if n == nil {
		return nil
	}
	v := int64(*n)
	return &v
}

func orderFromProto(n *int64) *int {
	if n == nil {
		return nil
	}
	v := int(*n)
	return &v
}

// orNil is no bytes as nil.
func orNil(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}
