package remote

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"fanout/internal/pool"
	"fanout/internal/text"
)

// ParseHosts reads names of hosts, separated by commas, each with the number of jobs that it runs at a time, as in
// n1:8,me@n2:4. A host without a number has slots, where 0 means as many as it has CPUs.
func ParseHosts(list string, slots int) ([]pool.Host, error) {
	var hosts []pool.Host
	for _, word := range strings.Split(list, ",") {
		host, err := parseHost(strings.TrimSpace(word), slots)
		if err != nil {
			return nil, err
		}
		if hosts, err = appendHost(hosts, host); err != nil {
			return nil, err
		}
	}
	return hosts, nil
}

// ReadHosts reads a file with a host in each line. A # begins a comment.
func ReadHosts(name string, slots int) ([]pool.Host, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var hosts []pool.Host
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		host, err := parseHost(line, slots)
		if err == nil {
			hosts, err = appendHost(hosts, host)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", text.Name(name), n, err)
		}
	}
	return hosts, lines.Err()
}

func appendHost(hosts []pool.Host, host pool.Host) ([]pool.Host, error) {
	for _, have := range hosts {
		if have.Name == host.Name {
			return nil, fmt.Errorf("host %s: it is named twice; give it more slots instead, as in %s:8", text.Name(host.Name), text.Name(host.Name))
		}
	}
	return append(hosts, host), nil
}

// parseHost reads NAME or NAME:SLOTS. IPv6 addresses stand in brackets.
func parseHost(word string, slots int) (pool.Host, error) {
	name, count := word, ""
	if at := strings.LastIndexByte(word, ':'); at >= 0 && !strings.HasSuffix(word, "]") {
		name, count = word[:at], word[at+1:]
		n, err := strconv.Atoi(count)
		const most = 10_000
		if err != nil || n < 1 || n > most {
			return pool.Host{}, fmt.Errorf("%s: the number after the colon is how many jobs the host runs at a time, from 1 to %d, as in n1:8; set the port in the ssh client's configuration", text.Name(word), most)
		}
		slots = n
	}
	if err := checkHost(name); err != nil {
		return pool.Host{}, fmt.Errorf("%q: %w", word, err)
	}
	return pool.Host{Name: name, Workers: 1, Threads: slots}, nil
}

// checkHost refuses what cannot be a host's name: the ssh client might take it for something else.
func checkHost(name string) error {
	bare := name
	if at := strings.LastIndexByte(name, '@'); at >= 0 {
		bare = name[at+1:]
	}
	switch {
	case bare == "":
		return errors.New("a host's name is missing")
	case strings.HasPrefix(name, "-"):
		return errors.New("a host's name cannot begin with a dash")
	case strings.ContainsAny(name, " \t\r\n\x00'\"\\$`;&|<>(){}*?!~/"):
		return errors.New("not a host's name")
	case strings.Contains(bare, ":") && !strings.HasPrefix(bare, "["):
		return errors.New("put an IPv6 address into brackets, as in [::1]:8")
	}
	return nil
}

// destination returns a host's name as the ssh client takes it.
func destination(name string) string {
	user, bare, found := "", name, false
	if at := strings.LastIndexByte(name, '@'); at >= 0 {
		user, bare, found = name[:at], name[at+1:], true
	}
	bare = strings.TrimSuffix(strings.TrimPrefix(bare, "["), "]")
	if found {
		return user + "@" + bare
	}
	return bare
}
