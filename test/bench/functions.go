package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// functions runs the benchmarks of single functions and turns costs into ratios to crypto/ed25519.Sign.
func (f *figures) functions(ctx context.Context) error {
	tss, err := benchmarks(ctx, "./tss", "^Benchmark(Ed25519Sign|Sign2of3|StockSign2of3)$")
	if err != nil {
		return err
	}
	guard, err := benchmarks(ctx, "./guard", "^BenchmarkDecide$")
	if err != nil {
		return err
	}
	const cpu, wall = "cpu-ns/op", "ns/op"
	one := tss["Ed25519Sign"][cpu]
	f.CPURatio = tss["Sign2of3"][cpu] / one
	f.StockRatio = tss["StockSign2of3"][cpu] / one
	f.AllRatio *= 1e9 / one
	f.GuardAt100 = guard["Decide/past=100"][wall] / 1000
	f.GuardAt100k = guard["Decide/past=100000"][wall] / 1000
	for name, v := range map[string]float64{"Ed25519Sign": one, "Sign2of3": f.CPURatio, "StockSign2of3": f.StockRatio, "Decide": f.GuardAt100 * f.GuardAt100k} {
		if !(v > 0) {
			return fmt.Errorf("benchmark %s printed no figure", name)
		}
	}
	return nil
}

// benchmarks runs `go test -bench` and returns its figures by benchmark and unit.
func benchmarks(ctx context.Context, pkg, pattern string) (map[string]map[string]float64, error) {
	c := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", pattern, "-benchtime", "2s", pkg)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("benchmarks of %s: %w\n%s", pkg, err, out)
	}
	figures := map[string]map[string]float64{}
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		fields := strings.Fields(s.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(fields[0], "Benchmark")
		if i := strings.LastIndexByte(name, '-'); i > 0 {
			name = name[:i]
		}
		units := map[string]float64{}
		for i := 2; i+1 < len(fields); i += 2 {
			units[fields[i+1]], _ = strconv.ParseFloat(fields[i], 64)
		}
		figures[name] = units
	}
	return figures, nil
}
