#!/usr/bin/env bash
# Generates the Go code beside zagg.proto, after checking it: lint, and no change that breaks what released.binpb describes.
#
#   proto/generate.sh            check and generate
#   proto/generate.sh --release  also make the present protocol the one that later changes are checked against
#
# Needs on PATH or in $(go env GOPATH)/bin: buf 1.75.0, protoc-gen-go v1.36.12, protoc-gen-go-grpc v1.6.2:
#   go install github.com/bufbuild/buf/cmd/buf@v1.75.0
#   go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
#   go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
set -euo pipefail
cd "$(dirname "$0")"
PATH=$PATH:$(go env GOPATH)/bin

buf lint
if [ "${1:-}" != --release ]; then
  buf breaking --against released.binpb
fi
buf generate
if [ "${1:-}" = --release ]; then
  buf build --exclude-source-info -o released.binpb
fi
