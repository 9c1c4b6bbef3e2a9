/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The file of "plumctl serve". */

#include "ports-file.h"

#include <string.h>

static GPtrArray *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *mappings = ports_file_parse (text, strlen (text), &error);

  g_assert_no_error (error);
  return mappings;
}

static void
assert_keys (GPtrArray *mappings, const char *expected)
{
  g_autoptr (GString) keys = g_string_new (NULL);

  for (guint i = 0; i < mappings->len; i++)
    {
      g_autofree char *key = ports_file_mapping_make_key (mappings->pdata[i]);

      g_string_append_printf (keys, "%s%s", i > 0 ? ";" : "", key);
    }
  g_assert_cmpstr (keys->str, ==, expected);
}

static void
test_empty (void)
{
  g_autoptr (GPtrArray) none = parse ("");
  g_autoptr (GPtrArray) comments = parse ("# nothing\n\n  ; and nothing\r\n");

  g_assert_cmpuint (none->len, ==, 0);
  g_assert_cmpuint (comments->len, ==, 0);
}

static void
test_defaults (void)
{
  g_autoptr (GPtrArray) mappings = parse ("[tcp:8080]");
  const PortsFileMapping *mapping = mappings->pdata[0];

  assert_keys (mappings, "tcp 8080 ipv4 ");
  g_assert_cmpuint (mapping->external_port, ==, 0);
  g_assert_false (mapping->exact);
  g_assert_null (mapping->description);
  g_assert_null (mapping->local_address);
  g_assert_null (mapping->on_change);
  g_assert_cmpuint (mapping->line, ==, 1);
}

static void
test_all_keys (void)
{
  g_autoptr (GPtrArray) mappings = parse ("\xef\xbb\xbf# a file of an editor that writes a mark\r\n"
                                          "[udp:5000]\r\n"
                                          " external = 6000 \r\n"
                                          "exact=yes\n"
                                          "family=4\n"
                                          "description=Voice = chat\n"
                                          "local-address=192.168.1.23\n"
                                          "on-change=/usr/bin/update 'two words' --now\n");
  const PortsFileMapping *mapping = mappings->pdata[0];
  g_autofree char *address = g_inet_address_to_string (mapping->local_address);

  assert_keys (mappings, "udp 5000 ipv4 192.168.1.23");
  g_assert_cmpuint (mapping->external_port, ==, 6000);
  g_assert_true (mapping->exact);
  g_assert_cmpstr (mapping->description, ==, "Voice = chat");
  g_assert_cmpstr (address, ==, "192.168.1.23");
  g_assert_cmpuint (g_strv_length (mapping->on_change), ==, 3);
  g_assert_cmpstr (mapping->on_change[1], ==, "two words");
  g_assert_cmpuint (mapping->line, ==, 2);
}

/* A key is of its group only. */
static void
test_groups (void)
{
  g_autoptr (GPtrArray) mappings = parse ("[tcp:80]\nexact=true\ndescription=a\n[tcp:81]\n");
  const PortsFileMapping *second = mappings->pdata[1];

  assert_keys (mappings, "tcp 80 ipv4 ;tcp 81 ipv4 ");
  g_assert_false (second->exact);
  g_assert_null (second->description);
  g_assert_cmpuint (second->line, ==, 4);
}

static void
test_range (void)
{
  g_autoptr (GPtrArray) mappings = parse ("[tcp:8000-8002]\nexternal=9000\nfamily=both\n");
  const PortsFileMapping *last = mappings->pdata[5];

  assert_keys (mappings, "tcp 8000 ipv4 ;tcp 8000 ipv6 ;tcp 8001 ipv4 ;tcp 8001 ipv6 ;"
                         "tcp 8002 ipv4 ;tcp 8002 ipv6 ");
  g_assert_cmpuint (last->external_port, ==, 9002);
}

/* The address selects the family; two addresses can have the same port. */
static void
test_addresses (void)
{
  g_autoptr (GPtrArray) mappings = parse ("[tcp:80]\nlocal-address=2001:db8::1\n"
                                          "[tcp:80]\nlocal-address=192.168.1.2\n"
                                          "[tcp:80]\nlocal-address=192.168.1.3\n");

  assert_keys (mappings, "tcp 80 ipv6 2001:db8::1;tcp 80 ipv4 192.168.1.2;"
                         "tcp 80 ipv4 192.168.1.3");
}

static void
test_hosts (void)
{
  g_autoptr (GPtrArray) mappings = parse ("[tcp:80]\nfrom=203.0.113.7, 198.51.100.0/24\n"
                                          "[tcp:80]\nfor=192.168.1.50\n"
                                          "[tcp:80]\nfor=192.168.1.51\n"
                                          "[tcp:81-82]\nfrom=2001:db8::/32\n");
  const PortsFileMapping *first = mappings->pdata[0];
  const PortsFileMapping *second = mappings->pdata[1];
  g_autoptr (GInetAddressMask) mask = g_list_model_get_item (first->from, 1);
  g_autofree char *text = g_inet_address_mask_to_string (mask);
  g_autofree char *host = g_inet_address_to_string (second->host);

  assert_keys (mappings, "tcp 80 ipv4 ;tcp 80 ipv4  192.168.1.50;tcp 80 ipv4  192.168.1.51;"
                         "tcp 81 ipv6 ;tcp 82 ipv6 ");
  g_assert_cmpuint (g_list_model_get_n_items (first->from), ==, 2);
  g_assert_cmpstr (text, ==, "198.51.100.0/24");
  g_assert_null (first->host);
  g_assert_cmpstr (host, ==, "192.168.1.50");
  g_assert_null (second->from);
}

/* A change of the hosts is a new request. */
static void
test_same_hosts (void)
{
  static const char *const texts[] = {
    "[tcp:80]\n",
    "[tcp:80]\nfrom=203.0.113.7\n",
    "[tcp:80]\nfrom=203.0.113.8\n",
    "[tcp:80]\nfrom=203.0.113.7 203.0.113.8\n",
    "[tcp:80]\nfor=192.168.1.50\n",
    "[tcp:80]\nfor=192.168.1.51\n",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (texts); j++)
      {
        g_autoptr (GPtrArray) a = parse (texts[i]);
        g_autoptr (GPtrArray) b = parse (texts[j]);

        g_assert_cmpint (ports_file_mapping_is_same_request (a->pdata[0], b->pdata[0]), ==, i == j);
      }
}

static void
test_same_request (void)
{
  g_autoptr (GPtrArray) mappings = parse ("[tcp:80]\ndescription=a\n"
                                          "[udp:80]\ndescription=a\n");
  g_autoptr (PortsFileMapping) copy = ports_file_mapping_copy (mappings->pdata[0]);

  g_assert_true (ports_file_mapping_is_same_request (mappings->pdata[0], copy));
  g_assert_false (ports_file_mapping_is_same_request (mappings->pdata[1], copy));

  copy->line = 77;
  copy->on_change = g_strsplit ("a command", " ", -1);
  g_assert_true (ports_file_mapping_is_same_request (mappings->pdata[0], copy));
  copy->exact = TRUE;
  g_assert_false (ports_file_mapping_is_same_request (mappings->pdata[0], copy));
  copy->exact = FALSE;
  copy->external_port = 81;
  g_assert_false (ports_file_mapping_is_same_request (mappings->pdata[0], copy));
  copy->external_port = 0;
  g_free (copy->description);
  copy->description = NULL;
  g_assert_false (ports_file_mapping_is_same_request (mappings->pdata[0], copy));
}

static void
test_too_many (void)
{
  g_autoptr (GPtrArray) most = parse ("[tcp:1-1024]\n");
  g_autoptr (GError) error = NULL;
  const char *text = "[tcp:1-1024]\n\n[udp:7]\n";

  g_assert_cmpuint (most->len, ==, 1024);
  g_assert_null (ports_file_parse (text, strlen (text), &error));
  g_assert_cmpstr (error->message, ==, "line 3: the file has more than 1024 ports");
}

static void
test_binary (void)
{
  g_autofree char *large = g_strnfill (PORTS_FILE_MAX_SIZE + 1, '#');
  g_autoptr (GError) zero = NULL;
  g_autoptr (GError) size = NULL;

  g_assert_null (ports_file_parse ("[tcp:80]\0\n", 10, &zero));
  g_assert_cmpstr (zero->message, ==, "line 1: the file is not a text");
  g_assert_null (ports_file_parse (large, PORTS_FILE_MAX_SIZE + 1, &size));
  g_assert_nonnull (strstr (size->message, "longer than"));
}

/* Every prefix of a file is read or refused, in an exactly sized block. */
static void
test_truncated (void)
{
  static const char text[] = "[tcp:8000-8002:9000]\nfamily=both\nexact=true\ndescription=\xc3\xa4\n"
                             "on-change=a 'b'\n[udp:1]\nlocal-address=10.0.0.1\n";

  for (gsize length = 0; length < sizeof text; length++)
    {
      g_autofree char *block = g_memdup2 (text, length);
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) mappings = ports_file_parse (length > 0 ? block : "", length, &error);

      g_assert_true ((mappings == NULL) == (error != NULL));
      g_assert_true (error == NULL || g_str_has_prefix (error->message, "line "));
    }
}

/* --- Wrong lines --- */

typedef struct
{
  const char *name;
  const char *text;
  const char *message; /* its beginning */
} Wrong;

static const Wrong wrong[] = {
  { "key-first", "# text\nexact=true\n", "line 2: a key before the first group" },
  { "neither", "[tcp:80]\nexact\n", "line 2: “exact” is neither a group nor KEY=VALUE" },
  { "group-open", "\n[tcp:80\n", "line 2: “[tcp:80” is not a group: the “]” is missing" },
  { "group-spec", "[http]\n", "line 1: “http”: " },
  { "group-empty", "[]\n", "line 1: “”: " },
  { "bracket", "[\n", "line 1: “[” is not a group" },
  { "key", "[tcp:80]\nEXACT=true\n", "line 2: “EXACT” is not a key" },
  { "key-empty", "[tcp:80]\n=true\n", "line 2: “” is not a key" },
  { "value-missing", "[tcp:80]\ndescription=\n", "line 2: description: a value is missing" },
  { "key-twice", "[tcp:80]\nexact=no\nexact=no\n",
    "line 3: exact: the key is already in the group" },
  { "exact-pinhole", "[tcp:80:81]\nfamily=6\nexact=yes\n", "line 1: exact: an IPv6 pinhole keeps" },
  { "boolean", "[tcp:80]\nexact=1\n", "line 2: exact: “1” is invalid, must be true or false" },
  { "external", "[tcp:80]\nexternal=http\n", "line 2: external: “http” is invalid" },
  { "external-zero", "[tcp:80]\nexternal=0\n", "line 2: external: “0” is invalid" },
  { "external-great", "[tcp:80]\nexternal=65536\n", "line 2: external: “65536” is invalid" },
  { "external-sign", "[tcp:80]\nexternal=+80\n", "line 2: external: “+80” is invalid" },
  { "external-range", "[tcp:80-82]\nexternal=65534\n", "line 2: external: 3 ports do not fit" },
  { "external-twice", "[tcp:80:81]\nexternal=82\n", "line 2: external: the group in line 1 has" },
  { "family", "[tcp:80]\nfamily=ipv4\n", "line 2: family: “ipv4” is invalid" },
  { "address", "[tcp:80]\nlocal-address=home\n", "line 2: local-address: “home” is not" },
  { "address-family", "[tcp:80]\nlocal-address=::1\nfamily=4\n",
    "line 2: local-address: an IPv6 address does not fit the family" },
  { "address-both", "[tcp:80]\nfamily=both\nlocal-address=10.0.0.1\n",
    "line 3: local-address: an IPv4 address does not fit the family" },
  { "for", "[tcp:80]\nfor=printer\n", "line 2: for: “printer” is not an IP address" },
  { "for-any", "[tcp:80]\nfor=0.0.0.0\n", "line 2: for: “0.0.0.0” is not the address of another" },
  { "for-loopback", "[tcp:80]\nfor=127.0.0.1\n", "line 2: for: “127.0.0.1” is not the address of" },
  { "for-group", "[tcp:80]\nfor=224.0.0.1\n", "line 2: for: “224.0.0.1” is not the address of" },
  { "for-link-local", "[tcp:80]\nfor=fe80::1\n", "line 2: for: “fe80::1” is not the address of" },
  { "for-family", "[tcp:80]\nfamily=6\nfor=10.0.0.5\n",
    "line 3: for: an IPv4 address does not fit the family" },
  { "for-local", "[tcp:80]\nlocal-address=::1\nfor=10.0.0.5\n",
    "line 3: for: an IPv4 address does not fit the family" },
  { "from", "[tcp:80]\nfrom=home\n", "line 2: from: “home” is invalid" },
  { "from-second", "[tcp:80]\nfrom=1.2.3.4, 1.2.3.4/24\n", "line 2: from: “1.2.3.4/24” is" },
  { "from-all", "[tcp:80]\nfrom=0.0.0.0/0\n", "line 2: from: “0.0.0.0/0” is invalid" },
  { "from-commas", "[tcp:80]\nfrom=, ,\n", "line 2: from: a value is missing" },
  { "from-families", "[tcp:80]\nfrom=1.2.3.4 2001:db8::1\n",
    "line 2: from: an IPv6 address does not fit the family" },
  { "from-both", "[tcp:80]\nfrom=1.2.3.4\nfamily=both\n",
    "line 2: from: an IPv4 address does not fit the family" },
  { "for-twice", "[tcp:80]\nfor=10.0.0.5\n[tcp:79-81]\nfor=10.0.0.5\n",
    "line 3: TCP port 80 is also in line 1" },
  { "command", "[tcp:80]\non-change='open\n", "line 2: on-change: " },
  { "port-twice", "[tcp:80]\n[tcp:79-81]\n", "line 2: TCP port 80 is also in line 1" },
  { "utf8", "[tcp:80]\ndescription=\xff\n", "line 2: the line is not UTF-8 text" },
};

static void
test_wrong (gconstpointer data)
{
  const Wrong *c = data;
  g_autoptr (GError) error = NULL;

  g_assert_null (ports_file_parse (c->text, strlen (c->text), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
  if (!g_str_has_prefix (error->message, c->message))
    g_error ("%s", error->message);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/ports-file/empty", test_empty);
  g_test_add_func ("/ports-file/defaults", test_defaults);
  g_test_add_func ("/ports-file/all-keys", test_all_keys);
  g_test_add_func ("/ports-file/groups", test_groups);
  g_test_add_func ("/ports-file/range", test_range);
  g_test_add_func ("/ports-file/addresses", test_addresses);
  g_test_add_func ("/ports-file/same-request", test_same_request);
  g_test_add_func ("/ports-file/hosts", test_hosts);
  g_test_add_func ("/ports-file/same-hosts", test_same_hosts);
  g_test_add_func ("/ports-file/too-many", test_too_many);
  g_test_add_func ("/ports-file/binary", test_binary);
  g_test_add_func ("/ports-file/truncated", test_truncated);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *path = g_strconcat ("/ports-file/wrong/", wrong[i].name, NULL);

      g_test_add_data_func (path, &wrong[i], test_wrong);
    }

  return g_test_run ();
}
