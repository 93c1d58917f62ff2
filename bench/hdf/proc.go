package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// tree is the CPU seconds so far and the resident megabytes of a process and all below it, as Linux counts them; 0 elsewhere.
func tree(pid int) (cpu, rss float64) {
	const ticks, page = 100, 4096
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	parent, cost := map[int]int{}, map[int][2]float64{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // it ended
		}
		var id int
		if _, err := fmt.Sscan(string(text), &id); err != nil {
			continue
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])) // from the third on
		at := func(i int) float64 { v, _ := strconv.ParseFloat(fields[i-3], 64); return v }
		parent[id] = int(at(4))
		cost[id] = [2]float64{(at(14) + at(15)) / ticks, at(24) * page / 1e6}
	}
	for id := range cost {
		for p, hops := id, 0; p > 1 && hops < 64; p, hops = parent[p], hops+1 {
			if p == pid {
				cpu, rss = cpu+cost[id][0], rss+cost[id][1]
				break
			}
		}
	}
	return cpu, rss
}
