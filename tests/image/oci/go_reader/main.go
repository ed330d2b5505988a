// SPDX-License-Identifier: Apache-2.0
// Prints documents of images, and what Go's own encoding/json makes of each, one JSON object a line. The structs are
// those of opencontainers/image-spec specs-go/v1, as containerd reads with them. Run where Go is:
//
//	go run tests/image/oci/go_reader/main.go > tests/image/oci/go_vectors.jsonl
package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

type Platform struct {
	Architecture string   `json:"architecture"`
	OS           string   `json:"os"`
	OSVersion    string   `json:"os.version,omitempty"`
	OSFeatures   []string `json:"os.features,omitempty"`
	Variant      string   `json:"variant,omitempty"`
}

type Descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"`
	URLs         []string          `json:"urls,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	Data         []byte            `json:"data,omitempty"`
	Platform     *Platform         `json:"platform,omitempty"`
	ArtifactType string            `json:"artifactType,omitempty"`
}

// Manifest and Index in one: containerd reads the same bytes as either.
type Manifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType,omitempty"`
	ArtifactType  string            `json:"artifactType,omitempty"`
	Config        Descriptor        `json:"config"`
	Layers        []Descriptor      `json:"layers"`
	Manifests     []Descriptor      `json:"manifests"`
	Subject       *Descriptor       `json:"subject,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

type Run struct {
	User         string              `json:"User,omitempty"`
	ExposedPorts map[string]struct{} `json:"ExposedPorts,omitempty"`
	Env          []string            `json:"Env,omitempty"`
	Entrypoint   []string            `json:"Entrypoint,omitempty"`
	Cmd          []string            `json:"Cmd,omitempty"`
	Volumes      map[string]struct{} `json:"Volumes,omitempty"`
	WorkingDir   string              `json:"WorkingDir,omitempty"`
	Labels       map[string]string   `json:"Labels,omitempty"`
	StopSignal   string              `json:"StopSignal,omitempty"`
	ArgsEscaped  bool                `json:"ArgsEscaped,omitempty"`
}

type History struct {
	Created    *time.Time `json:"created,omitempty"`
	CreatedBy  string     `json:"created_by,omitempty"`
	Author     string     `json:"author,omitempty"`
	Comment    string     `json:"comment,omitempty"`
	EmptyLayer bool       `json:"empty_layer,omitempty"`
}

type Image struct {
	Created *time.Time `json:"created,omitempty"`
	Author  string     `json:"author,omitempty"`
	Platform
	Config Run `json:"config,omitempty"`
	RootFS struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
	History []History `json:"history,omitempty"`
}

// An object with its members in order, or anything else as it is written.
type node struct {
	names  []string
	values []*node
	list   []*node
	raw    string
}

func raw(text string) *node { return &node{raw: text} }
func object(parts ...any) *node {
	out := &node{}
	for i := 0; i < len(parts); i += 2 {
		out.names = append(out.names, parts[i].(string))
		out.values = append(out.values, parts[i+1].(*node))
	}
	return out
}
func list(parts ...*node) *node { return &node{list: parts} }

func (n *node) text() string {
	if n.raw != "" {
		return n.raw
	}
	var parts []string
	if n.list != nil {
		for _, one := range n.list {
			parts = append(parts, one.text())
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	for i, name := range n.names {
		quoted, _ := json.Marshal(name)
		parts = append(parts, string(quoted)+":"+n.values[i].text())
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// Every object in a document.
func (n *node) objects() []*node {
	var out []*node
	if n.names != nil {
		out = append(out, n)
	}
	for _, one := range append(append([]*node{}, n.values...), n.list...) {
		out = append(out, one.objects()...)
	}
	return out
}

func digest(c string) string { return `"sha256:` + strings.Repeat(c, 64) + `"` }
func descriptor(c string, more ...any) *node {
	parts := append([]any{"mediaType", raw(`"m"`), "digest", raw(digest(c)), "size", raw("10")}, more...)
	return object(parts...)
}

func spellings(name string) []string {
	out := []string{strings.ToUpper(name), strings.ToLower(name), strings.Title(name)}
	if i := strings.IndexAny(name, "sS"); i >= 0 {
		out = append(out, name[:i]+"\u017f"+name[i+1:])
	}
	if i := strings.IndexAny(name, "kK"); i >= 0 {
		out = append(out, name[:i]+"\u212a"+name[i+1:])
	}
	var kept []string
	for _, one := range out {
		if one != name {
			kept = append(kept, one)
		}
	}
	return kept
}

type vector struct {
	Kind        string            `json:"kind"`
	Plain       bool              `json:"plain,omitempty"` // must be read
	Document    string            `json:"document"`
	Error       bool              `json:"error,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Config      string            `json:"config,omitempty"`
	Subject     string            `json:"subject,omitempty"`
	Entries     []string          `json:"entries,omitempty"` // "DIGEST SIZE PLATFORM ANNOTATIONS" of layers, manifests
	DiffIDs     []string          `json:"diff_ids,omitempty"`
}

func entry(d Descriptor) string {
	text := fmt.Sprintf("%s %d", d.Digest, d.Size)
	if d.Platform != nil {
		text += " " + d.Platform.OS + "/" + d.Platform.Architecture
	}
	return text + fmt.Sprintf(" %d", len(d.Annotations))
}

var seen = map[string]bool{}

func tell(kind string, plain bool, document string) {
	if seen[kind+document] {
		return
	}
	seen[kind+document] = true
	v := vector{Kind: kind, Plain: plain, Document: document}
	if kind == "config" {
		var image Image
		v.Error = json.Unmarshal([]byte(document), &image) != nil
		v.DiffIDs = image.RootFS.DiffIDs
	} else {
		var m Manifest
		v.Error = json.Unmarshal([]byte(document), &m) != nil
		v.Annotations = m.Annotations
		v.Config = m.Config.Digest
		if m.Subject != nil {
			v.Subject = m.Subject.Digest
		}
		for _, d := range append(m.Layers, m.Manifests...) {
			v.Entries = append(v.Entries, entry(d))
		}
	}
	line, _ := json.Marshal(v)
	out := string(line)
	for _, c := range "abcde" { // "@a" is the digest of 64 times that character
		out = strings.ReplaceAll(out, "sha256:"+strings.Repeat(string(c), 64), "@"+string(c))
	}
	fmt.Println(out)
}

// One member after the other under other names, before and behind others, with other values; then all is as it was.
func vary(kind string, document *node) {
	tell(kind, true, document.text())
	for _, one := range document.objects() {
		names, values := one.names, one.values
		for i, name := range names {
			for _, other := range spellings(name) {
				one.names = append([]string{}, names...)
				one.names[i] = other
				tell(kind, false, document.text())
				one.names = append(append([]string{}, names...), other)
				one.values = append(append([]*node{}, values...), values[(i+1)%len(values)])
				tell(kind, false, document.text())
				one.names = append([]string{other}, names...)
				one.values = append([]*node{raw("null")}, values...)
				tell(kind, false, document.text())
				one.names, one.values = names, values
			}
			for _, value := range []string{"null", "5", `"x"`, "[]", "{}", "true", "[null]", `{"a":null}`, "1e3", "1.0", "-1",
				"-0", "9223372036854775808"} {
				one.values = append([]*node{}, values...)
				one.values[i] = raw(value)
				tell(kind, false, document.text())
				one.values = values
			}
		}
	}
}

func main() {
	platform := func() *node { return object("os", raw(`"linux"`), "architecture", raw(`"amd64"`)) }
	mark := func() *node { return object("org.criu.checkpoint.container.name", raw(`"x"`)) }
	manifest := object("schemaVersion", raw("2"), "mediaType", raw(`"application/vnd.oci.image.manifest.v1+json"`),
		"config", descriptor("a"), "layers", list(descriptor("b")), "annotations", mark())
	index := object("schemaVersion", raw("2"), "mediaType", raw(`"application/vnd.oci.image.index.v1+json"`),
		"manifests", list(descriptor("c", "platform", platform(), "annotations", object("k", raw(`"v"`)))),
		"subject", descriptor("d"))
	config := object("created", raw(`"2026-11-25T04:00:00.5+01:00"`), "architecture", raw(`"amd64"`), "os", raw(`"linux"`),
		"config", object("User", raw(`"0"`), "Env", raw(`["A=b"]`), "Volumes", raw(`{"/v":{}}`), "Labels", raw(`{"k":"v","K":"w"}`), "ArgsEscaped", raw("true")),
		"rootfs", object("type", raw(`"layers"`), "diff_ids", raw("["+digest("e")+"]")),
		"history", list(object("created_by", raw(`"x"`), "empty_layer", raw("false"))))
	vary("manifest", manifest)
	vary("manifest", index)
	vary("config", config)
	// Maps are not folded; members of no field are not looked into.
	m := `{"schemaVersion":2,"config":` + descriptor("a").text() + `,"layers":[],"annotations":{"a":"1","A":"2"},"x":{"y":1,"Y":2}}`
	tell("manifest", true, m)
	for _, text := range []string{m + " ", "\ufeff" + m, m + "\x00", m + "\x00{}", m + "{}", "\x00" + m, m[:len(m)-1] + ",}", "null", "[]", ""} {
		tell("manifest", false, text)
	}
	for _, text := range []string{"2026-11-25T04:00:00Z", "0001-01-01T00:00:00Z", "2024-02-29T23:59:59.123456789123-23:59"} {
		tell("config", true, `{"created":"`+text+`","rootfs":{"diff_ids":[`+digest("e")+`]}}`)
	}
	for _, text := range []string{"", "2026-11-25", "2026-11-25T04:00:00", "2026-11-25t04:00:00Z", "2026-11-25T04:00:00z", "2026-02-29T04:00:00Z",
		"1900-02-29T00:00:00Z", "2026-11-25T04:00:60Z", "2026-11-25T24:00:00Z", "2026-11-25T04:60:00Z", "2026-11-25T4:00:00Z", "2026-11-25T04:00:00.Z",
		"2026-11-25T04:00:00,5Z", "2026-11-25T04:00:00+24:00", "2026-11-25T04:00:00+01:60", "2026-11-25T04:00:00+0100", "2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-11-25T04:00:00ZZ", "2026-11-25 04:00:00Z", "12026-11-25T04:00:00Z"} {
		tell("config", false, `{"created":"`+text+`","rootfs":{"diff_ids":[`+digest("e")+`]}}`)
	}
	for _, data := range []string{`"aGk="`, `"aGk=\n"`, `"aG\nk="`, `"aGl="`, `"aGk"`, `"a Gk="`, `""`} {
		tell("manifest", false, `{"schemaVersion":2,"config":`+descriptor("a", "data", raw(data)).text()+`,"layers":[]}`)
	}
}
