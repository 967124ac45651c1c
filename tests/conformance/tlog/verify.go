// Verifies a transparency log served as C2SP tlog-tiles with code that this project did not write: the signed
// checkpoint with golang.org/x/mod/sumdb/note, tiles and proofs with golang.org/x/mod/sumdb/tlog.
//
//	verify [-seed N] [-proofs N] [-previous FILE] BASE VERIFIER-KEY
//
// BASE is an http:// or https:// prefix or a folder laid out like one. Everything is read: the root is computed from
// the entries alone, then every tile is compared with it, then random inclusion and consistency proofs are made from
// authenticated tiles and checked. With -previous FILE the log must also continue that older checkpoint.
// Prints one JSON object; exit status 0: the log holds, 1: it does not, 2: it could not be read.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8
const tileWidth = 1 << height

type report struct {
	OK          bool   `json:"ok"`
	Origin      string `json:"origin,omitempty"`
	Size        int64  `json:"size"`
	Root        string `json:"root,omitempty"`
	Entries     int64  `json:"entries"`
	Tiles       int    `json:"tiles"`
	Inclusion   int    `json:"inclusion_proofs"`
	Consistency int    `json:"consistency_proofs"`
	Error       string `json:"error,omitempty"`
}

// unreachable marks what could not be read, as opposed to what was read and is wrong.
type unreachable struct{ err error }

func (u unreachable) Error() string { return u.err.Error() }
func (u unreachable) Unwrap() error { return u.err }

// --- reading resources ------------------------------------------------------------------------------

type source interface {
	get(path string) ([]byte, error)
}

type folder string

func (f folder) get(path string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(string(f), filepath.FromSlash(path)))
	if err != nil {
		return nil, unreachable{err}
	}
	return data, nil
}

type server struct {
	base   string
	client *http.Client
}

const mostBytes = 64 << 20

func (s server) get(path string) ([]byte, error) {
	answer, err := s.client.Get(s.base + "/" + path)
	if err != nil {
		return nil, unreachable{err}
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, unreachable{fmt.Errorf("%s: %s", path, answer.Status)}
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, mostBytes))
	if err != nil {
		return nil, unreachable{err}
	}
	want := "application/octet-stream"
	if path == "checkpoint" {
		want = "text/plain; charset=utf-8"
	}
	if got := answer.Header.Get("Content-Type"); got != want {
		return nil, fmt.Errorf("%s: Content-Type is %q, not %q", path, got, want)
	}
	return data, nil
}

// tilePath turns sumdb's "tile/8/<L>/…" into tlog-tiles' "tile/<L>/…"; level -1 are the entries.
func tilePath(t tlog.Tile) string {
	path := strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", height))
	if rest := strings.TrimPrefix(path, "data/"); rest != path {
		path = "entries/" + rest
	}
	return "tile/" + path
}

// tiles is a tlog.TileReader over a source.
type tiles struct{ from source }

func (t tiles) Height() int                         { return height }
func (t tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (t tiles) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(want))
	for i, tile := range want {
		bytes, err := t.from.get(tilePath(tile))
		if err != nil {
			return nil, err
		}
		data[i] = bytes
	}
	return data, nil
}

// --- the log ---------------------------------------------------------------------------------------

type checkpoint struct {
	origin string
	tree   tlog.Tree
}

func openCheckpoint(data []byte, key string) (checkpoint, error) {
	var c checkpoint
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return c, fmt.Errorf("verifier key: %w", err)
	}
	n, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return c, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return c, errors.New("checkpoint: not exactly three lines")
	}
	c.origin = lines[0]
	if c.origin != verifier.Name() {
		return c, fmt.Errorf("checkpoint: origin %q, but the key is %q's", c.origin, verifier.Name())
	}
	c.tree.N, err = strconv.ParseInt(lines[1], 10, 64)
	if err != nil || c.tree.N < 0 || strconv.FormatInt(c.tree.N, 10) != lines[1] {
		return c, fmt.Errorf("checkpoint: size %q", lines[1])
	}
	c.tree.Hash, err = tlog.ParseHash(lines[2])
	if err != nil {
		return c, fmt.Errorf("checkpoint: root: %w", err)
	}
	return c, nil
}

// entries reads all bundles and hands each entry over in order.
func entries(from source, size int64, each func(index int64, data []byte) error) error {
	for start := int64(0); start < size; start += tileWidth {
		width := int64(tileWidth)
		if size-start < width {
			width = size - start
		}
		path := tilePath(tlog.Tile{H: height, L: -1, N: start / tileWidth, W: int(width)})
		bundle, err := from.get(path)
		if err != nil {
			return err
		}
		for i := int64(0); i < width; i++ {
			if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
				return fmt.Errorf("%s: cut short at entry %d", path, start+i)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			if err := each(start+i, bundle[2:end]); err != nil {
				return err
			}
			bundle = bundle[end:]
		}
		if len(bundle) != 0 {
			return fmt.Errorf("%s: %d bytes too many", path, len(bundle))
		}
	}
	return nil
}

// checkText holds an entry against the form this log promises.
func checkText(index int64, data []byte) error {
	words := strings.Split(string(data), " ")
	if len(words) != 3 || words[0] != "mandate-entry/v1" || len(words[2]) != 64 || strings.Trim(words[2], "0123456789abcdef") != "" {
		return fmt.Errorf("entry %d: not of the form \"mandate-entry/v1 <time> <commitment>\": %q", index, data)
	}
	if _, err := strconv.ParseInt(words[1], 10, 64); err != nil {
		return fmt.Errorf("entry %d: time: %w", index, err)
	}
	return nil
}

// stored keeps every hash of the tree, in sumdb's storage order, computed from the entries alone.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(s)) {
			return nil, fmt.Errorf("hash %d is outside the tree", x)
		}
		out[i] = s[x]
	}
	return out, nil
}

func build(from source, size int64) (stored, error) {
	var all stored
	err := entries(from, size, func(index int64, data []byte) error {
		if err := checkText(index, data); err != nil {
			return err
		}
		hashes, err := tlog.StoredHashes(index, data, all)
		all = append(all, hashes...)
		return err
	})
	return all, err
}

// compareTiles fetches each tile that a tree of that size has and holds it against the computed hashes.
func compareTiles(from source, all stored, size int64) (int, error) {
	count := 0
	for level := 0; size>>(height*level) > 0; level++ {
		hashes := size >> (height * level)
		for start := int64(0); start < hashes; start += tileWidth {
			width := hashes - start
			if width > tileWidth {
				width = tileWidth
			}
			t := tlog.Tile{H: height, L: level, N: start / tileWidth, W: int(width)}
			want, err := tlog.ReadTileData(t, all)
			if err != nil {
				return count, err
			}
			got, err := from.get(tilePath(t))
			if err != nil {
				return count, err
			}
			if !bytes.Equal(want, got) {
				return count, fmt.Errorf("%s: not what the entries give", tilePath(t))
			}
			count++
		}
	}
	return count, nil
}

func proveInclusion(reader tlog.HashReader, all stored, tree tlog.Tree, index int64) error {
	proof, err := tlog.ProveRecord(tree.N, index, reader)
	if err != nil {
		return err
	}
	leaf := all[tlog.StoredHashIndex(0, index)]
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf); err != nil {
		return fmt.Errorf("inclusion of %d in %d: %w", index, tree.N, err)
	}
	return nil
}

func proveConsistency(reader tlog.HashReader, all stored, tree tlog.Tree, from int64, root *tlog.Hash) error {
	proof, err := tlog.ProveTree(tree.N, from, reader)
	if err != nil {
		return err
	}
	old, err := tlog.TreeHash(from, all)
	if err != nil {
		return err
	}
	if root != nil {
		old = *root
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, from, old); err != nil {
		return fmt.Errorf("consistency of %d with %d: %w", from, tree.N, err)
	}
	return nil
}

func provePrevious(reader tlog.HashReader, all stored, tree tlog.Tree, path, key string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return unreachable{err}
	}
	old, err := openCheckpoint(data, key)
	if err != nil {
		return fmt.Errorf("previous %w", err)
	}
	if old.tree.N > tree.N {
		return fmt.Errorf("the log shrank from %d to %d", old.tree.N, tree.N)
	}
	if old.tree.N == 0 {
		return nil
	}
	return proveConsistency(reader, all, tree, old.tree.N, &old.tree.Hash)
}

type options struct {
	key, previous string
	proofs        int
	random        *rand.Rand
}

func verify(from source, o options, r *report) error {
	data, err := from.get("checkpoint")
	if err != nil {
		return err
	}
	head, err := openCheckpoint(data, o.key)
	if err != nil {
		return err
	}
	tree := head.tree
	r.Origin, r.Size, r.Root = head.origin, tree.N, base64.StdEncoding.EncodeToString(tree.Hash[:])
	all, err := build(from, tree.N)
	if err != nil {
		return err
	}
	r.Entries = tree.N
	root, err := tlog.TreeHash(tree.N, all)
	if err != nil {
		return err
	}
	if tree.N > 0 && root != tree.Hash {
		return fmt.Errorf("the entries give root %s, the checkpoint says %s", root, tree.Hash)
	}
	if r.Tiles, err = compareTiles(from, all, tree.N); err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, tiles{from})
	for ; tree.N > 0 && r.Inclusion < o.proofs; r.Inclusion++ {
		if err := proveInclusion(reader, all, tree, o.random.Int63n(tree.N)); err != nil {
			return err
		}
	}
	for ; tree.N > 0 && r.Consistency < o.proofs; r.Consistency++ {
		if err := proveConsistency(reader, all, tree, 1+o.random.Int63n(tree.N), nil); err != nil {
			return err
		}
	}
	if o.previous != "" {
		return provePrevious(reader, all, tree, o.previous, o.key)
	}
	return nil
}

func main() {
	seed := flag.Int64("seed", time.Now().UnixNano(), "seed of the random proofs")
	proofs := flag.Int("proofs", 64, "random proofs of each kind")
	previous := flag.String("previous", "", "file with an older checkpoint that must be continued")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: verify [-seed N] [-proofs N] [-previous FILE] BASE VERIFIER-KEY")
		os.Exit(2)
	}
	var from source = folder(flag.Arg(0))
	if base := flag.Arg(0); strings.HasPrefix(base, "http://") || strings.HasPrefix(base, "https://") {
		from = server{strings.TrimRight(base, "/"), &http.Client{Timeout: 30 * time.Second}}
	}
	var r report
	err := verify(from, options{flag.Arg(1), *previous, *proofs, rand.New(rand.NewSource(*seed))}, &r)
	r.OK = err == nil
	if err != nil {
		r.Error = err.Error()
	}
	json.NewEncoder(os.Stdout).Encode(r)
	var u unreachable
	switch {
	case errors.As(err, &u):
		os.Exit(2)
	case err != nil:
		os.Exit(1)
	}
}
