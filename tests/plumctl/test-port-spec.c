/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "port-spec.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *text;
  PortSpec expected;
} GoodSpec;

static const GoodSpec good[] = {
  { "tcp", "tcp:8080", { PLUM_PROTOCOL_TCP, 8080, 1, 0 } },
  { "udp", "udp:5000", { PLUM_PROTOCOL_UDP, 5000, 1, 0 } },
  { "external", "udp:5000:6000", { PLUM_PROTOCOL_UDP, 5000, 1, 6000 } },
  { "upper-case", "TCP:22", { PLUM_PROTOCOL_TCP, 22, 1, 0 } },
  { "least-port", "tcp:1:1", { PLUM_PROTOCOL_TCP, 1, 1, 1 } },
  { "greatest-port", "tcp:65535:65535", { PLUM_PROTOCOL_TCP, 65535, 1, 65535 } },
  { "leading-zeros", "tcp:0080", { PLUM_PROTOCOL_TCP, 80, 1, 0 } },
  { "range", "tcp:8000-8010", { PLUM_PROTOCOL_TCP, 8000, 11, 0 } },
  { "range-of-one", "tcp:8000-8000", { PLUM_PROTOCOL_TCP, 8000, 1, 0 } },
  { "range-of-most", "tcp:1000-2023", { PLUM_PROTOCOL_TCP, 1000, 1024, 0 } },
  { "range-to-range", "udp:1-3:11-13", { PLUM_PROTOCOL_UDP, 1, 3, 11 } },
  { "range-to-first-external", "udp:1-3:65533", { PLUM_PROTOCOL_UDP, 1, 3, 65533 } },
};

typedef struct
{
  const char *name;
  const char *text;
  const char *message; /* part of the error message */
} BadSpec;

static const BadSpec bad[] = {
  { "empty", "", "expected" },
  { "no-colon", "8080", "expected" },
  { "no-port", "tcp:", "a port is missing" },
  { "port-zero", "tcp:0", "port 0 is out of range, must be 1 to 65535" },
  { "port-too-great", "tcp:65536", "port 65536 is out of range, must be 1 to 65535" },
  { "port-beyond-32-bit", "tcp:4294967376", "port 4294967376 is out of range" },
  { "negative", "tcp:-1", "a port is missing" },
  { "letters", "tcp:http", "“http” is not a number" },
  { "space", "tcp: 80", "“ 80” is not a number" },
  { "protocol", "sctp:80", "“sctp” is not a protocol, must be tcp or udp" },
  { "no-protocol", ":80", "“” is not a protocol" },
  { "external-zero", "tcp:80:0", "port 0 is out of range" },
  { "external-missing", "tcp:80:", "a port is missing" },
  { "third-part", "tcp:80:81:82", "“81:82” is not a number" },
  { "reversed-range", "tcp:90-80", "the first port of the range 90-80 is greater than the last" },
  { "open-range", "tcp:80-", "a port is missing" },
  { "two-dashes", "tcp:1-2-3", "“2-3” is not a number" },
  { "too-many", "tcp:1-1025", "has 1025 ports" },
  { "uneven", "tcp:1-3:11-12", "3 internal ports do not fit" },
  { "external-range-too-great", "tcp:1-3:65534", "3 internal ports do not fit" },
  { "not-utf8", "\xff:80", "expected" },
};

static void
test_good (gconstpointer data)
{
  const GoodSpec *row = data;
  g_autoptr (GError) error = NULL;
  PortSpec spec;

  g_assert_true (port_spec_parse (row->text, &spec, &error));
  g_assert_no_error (error);
  g_assert_cmpint (spec.protocol, ==, row->expected.protocol);
  g_assert_cmpuint (spec.first_internal, ==, row->expected.first_internal);
  g_assert_cmpuint (spec.n_ports, ==, row->expected.n_ports);
  g_assert_cmpuint (spec.first_external, ==, row->expected.first_external);
}

static void
test_bad (gconstpointer data)
{
  const BadSpec *row = data;
  g_autoptr (GError) error = NULL;
  PortSpec spec = { PLUM_PROTOCOL_UDP, 1, 2, 3 };

  g_assert_false (port_spec_parse (row->text, &spec, &error));
  g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
  g_assert_nonnull (strstr (error->message, row->message));
  g_assert_cmpuint (spec.first_external, ==, 3);
}

/* All prefixes of a long SPEC, in a block of exactly this size, so that an overread is detected. */
static void
test_truncated (void)
{
  const char whole[] = "udp:60000-60010:61000-61010";

  for (size_t n = 0; n < sizeof whole; n++)
    {
      g_autofree char *text = g_strndup (whole, n);
      g_autoptr (GError) error = NULL;
      PortSpec spec;

      if (!port_spec_parse (text, &spec, &error))
        g_assert_nonnull (error);
      else
        g_assert_cmpuint (spec.first_internal + spec.n_ports - 1, <=, G_MAXUINT16);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autofree char *path = g_strdup_printf ("/plumctl/port-spec/%s", good[i].name);

      g_test_add_data_func (path, &good[i], test_good);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *path = g_strdup_printf ("/plumctl/port-spec/invalid/%s", bad[i].name);

      g_test_add_data_func (path, &bad[i], test_bad);
    }
  g_test_add_func ("/plumctl/port-spec/truncated", test_truncated);

  return g_test_run ();
}
