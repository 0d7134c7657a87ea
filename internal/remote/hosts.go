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

// ParseHosts reads names of hosts that are separated by commas, each with the number of jobs
// that it runs at a time, as in n1:8,me@n2:4. Without a number it is slots, where 0 is as
// many as the host has CPUs.
func ParseHosts(list string, slots int) ([]pool.Host, error) {
	var places []pool.Host
	for _, word := range strings.Split(list, ",") {
		pl, err := parseHost(strings.TrimSpace(word), slots)
		if err != nil {
			return nil, err
		}
		if places, err = appendHost(places, pl); err != nil {
			return nil, err
		}
	}
	return places, nil
}

// ReadHosts reads a file with a host in each line; what follows a # is for people.
func ReadHosts(name string, slots int) ([]pool.Host, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var places []pool.Host
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		pl, err := parseHost(line, slots)
		if err == nil {
			places, err = appendHost(places, pl)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", text.Name(name), n, err)
		}
	}
	return places, lines.Err()
}

func appendHost(places []pool.Host, pl pool.Host) ([]pool.Host, error) {
	for _, have := range places {
		if have.Name == pl.Name {
			return nil, fmt.Errorf("the host %s is named twice: give it more slots instead, as in %s:8", text.Name(pl.Name), text.Name(pl.Name))
		}
	}
	return append(places, pl), nil
}

// parseHost reads NAME or NAME:SLOTS. An address of IPv6 stands in brackets.
func parseHost(word string, slots int) (pool.Host, error) {
	name, count := word, ""
	if at := strings.LastIndexByte(word, ':'); at >= 0 && !strings.HasSuffix(word, "]") {
		name, count = word[:at], word[at+1:]
		n, err := strconv.Atoi(count)
		const most = 10_000
		if err != nil || n < 1 || n > most {
			return pool.Host{}, fmt.Errorf("%s: after the colon is the number of jobs that the host runs at a time, from 1 to %d, as in n1:8; the port is the ssh client's to know", text.Name(word), most)
		}
		slots = n
	}
	if err := checkHost(name); err != nil {
		return pool.Host{}, fmt.Errorf("%q: %w", word, err)
	}
	return pool.Host{Name: name, Workers: 1, Threads: slots}, nil
}

// checkHost refuses what cannot be a host's name, and could mean something else to the ssh
// client.
func checkHost(name string) error {
	bare := name
	if at := strings.LastIndexByte(name, '@'); at >= 0 {
		bare = name[at+1:]
	}
	switch {
	case bare == "":
		return errors.New("the name of a host is missing")
	case strings.HasPrefix(name, "-"):
		return errors.New("no host's name begins with a dash")
	case strings.ContainsAny(name, " \t\r\n\x00'\"\\$`;&|<>(){}*?!~/"):
		return errors.New("that is not a host's name")
	case strings.Contains(bare, ":") && !strings.HasPrefix(bare, "["):
		return errors.New("an address of IPv6 stands in brackets, as in [::1]:8")
	}
	return nil
}

// destination is the host as the ssh client wants it.
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
