/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.41"

#include "upnp-client.h"
#include "upnp-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

/* What the router shows of an entry that this program has added: the host in another form or not at
 * all, or not the port (quirk 100), or another port (quirk 51). The entry is ours nevertheless, and
 * the entries of other hosts stay. */

#define CLIENT(text) "<NewInternalClient>" text "</NewInternalClient>"
#define PORT(text) "<NewInternalPort>" text "</NewInternalPort>"
#define DESCRIPTION(text) "<NewPortMappingDescription>" text "</NewPortMappingDescription>"

static FakeIgdEntry *
find (Fixture *f, guint port)
{
  return fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, port);
}

/* -- Addresses -- */

static void
test_client_match (void)
{
  static const struct
  {
    const char *text;
    UpnpMatch match;
  } rows[] = {
    { "192.168.1.10", UPNP_MATCH_SAME },
    { " 192.168.1.10\n", UPNP_MATCH_SAME },
    { "192.168.001.010", UPNP_MATCH_SAME },
    { "192.168.1.10:8080", UPNP_MATCH_SAME },
    { "192.168.1.10/24", UPNP_MATCH_SAME },
    { "[192.168.1.10]:8080", UPNP_MATCH_SAME },
    { "::ffff:192.168.1.10", UPNP_MATCH_SAME },
    { "[::FFFF:192.168.1.10]", UPNP_MATCH_SAME },
    { "192.168.1.1", UPNP_MATCH_OTHER },
    { "192.168.1.100", UPNP_MATCH_OTHER },
    { "192.168.1.11:8080", UPNP_MATCH_OTHER },
    { "::ffff:192.168.1.11", UPNP_MATCH_OTHER },
    { "fe80::1", UPNP_MATCH_OTHER },
    { "[2001:db8::1]:8080", UPNP_MATCH_OTHER },
    { "", UPNP_MATCH_UNKNOWN },
    { NULL, UPNP_MATCH_UNKNOWN },
    { " ", UPNP_MATCH_UNKNOWN },
    { "[", UPNP_MATCH_UNKNOWN },
    { "0.0.0.0", UPNP_MATCH_UNKNOWN },
    { "000.000.000.000", UPNP_MATCH_UNKNOWN },
    { "::", UPNP_MATCH_UNKNOWN },
    { "my-pc", UPNP_MATCH_UNKNOWN },
    { "192.168.1.10.lan", UPNP_MATCH_UNKNOWN },
    { "192.168.1", UPNP_MATCH_UNKNOWN },
    { "192.168.1.256", UPNP_MATCH_UNKNOWN },
    { "00:11:22:33:44:55", UPNP_MATCH_UNKNOWN },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%s", rows[i].text != NULL ? rows[i].text : "(missing)");
      g_assert_cmpint (upnp_client_match (rows[i].text, "192.168.1.10"), ==, rows[i].match);
      g_assert_cmpint (upnp_client_match (rows[i].text, NULL), !=, UPNP_MATCH_SAME);
    }
}

/* -- The whole life of a mapping -- */

typedef struct
{
  const char *name;
  const char *from, *to;   /* in the answers that show an entry */
  const char *from2, *to2; /* (nullable): another replacement */
} Shown;

static const Shown shown[] = {
  { "host-name", LOCAL, "my-pc", NULL, NULL },
  { "empty", LOCAL, "", NULL, NULL },
  { "missing", CLIENT (LOCAL), "", NULL, NULL },
  { "any", LOCAL, "0.0.0.0", NULL, NULL },
  { "padded", LOCAL, "127.077.041.010", NULL, NULL },
  { "with-port", LOCAL, LOCAL ":8080", NULL, NULL },
  { "with-mask", LOCAL, LOCAL "/24", NULL, NULL },
  { "mapped", LOCAL, "::ffff:" LOCAL, NULL, NULL },
  { "hardware-address", LOCAL, "00:11:22:33:44:55", NULL, NULL },
  { "blanks", LOCAL, " " LOCAL "\n", NULL, NULL },
  { "port-zero", PORT ("8080"), PORT ("0"), NULL, NULL },
  { "port-missing", PORT ("8080"), "", NULL, NULL },
  { "port-empty", PORT ("8080"), PORT (""), NULL, NULL },
  { "port-range", PORT ("8080"), PORT ("8080-8080"), NULL, NULL },
  { "port-zero-and-no-host", PORT ("8080"), PORT ("0"), LOCAL, "" },
  { "null", LOCAL, "(null)", NULL, NULL },
  { "null-and-port-zero", PORT ("8080"), PORT ("0"), LOCAL, "(null)" },
  { "host-name-and-no-description", LOCAL, "my-pc", DESCRIPTION ("test"), "" },
  { "host-name-and-another-description", LOCAL, "my-pc", DESCRIPTION ("test"),
    DESCRIPTION ("UPnP") },
};

static void
show (const char *request, guint *status, GString *body, gpointer data)
{
  const Shown *row = data;

  if (strstr (request, "#Get") == NULL || strstr (request, "#GetExternal") != NULL)
    return;

  g_string_replace (body, row->from, row->to, 0);
  if (row->from2 != NULL)
    g_string_replace (body, row->from2, row->to2, 0);
}

static void
start_showing (Fixture *f, const Shown *row)
{
  g_test_message ("%s", row->name);
  f->igd->edit = show;
  f->igd->edit_data = (gpointer) row;
}

static void
assert_one_entry (Fixture *f, PlumLease *lease)
{
  g_assert_cmpuint (plum_lease_get_external_port (lease), ==, 9000);
  g_assert_nonnull (find (f, 9000));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

static void
test_life (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (shown); i++)
    {
      g_autoptr (PlumLease) lease = NULL;
      g_autoptr (PlumLease) renewed = NULL;

      renew_backend (f);
      f->igd->counts.get_status = 0;
      f->igd->counts.delete = 0;
      start_showing (f, &shown[i]);
      lease = map_port (f, 9000);
      assert_one_entry (f, lease);
      assert_check (f, lease, -1);
      renewed = map_port (f, 9000);
      assert_one_entry (f, renewed);
      unmap_port (f, renewed);
      g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
      g_assert_cmpuint (f->igd->counts.delete, ==, 1);
    }
}

/* The router learns the name of the host from DHCP while the port is mapped. */
static void
test_later (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (shown) - 1; i++)
    {
      g_autoptr (PlumLease) lease = NULL;

      renew_backend (f);
      f->igd->edit = NULL;
      f->igd->counts.get_status = 0;
      lease = map_port (f, 9000);
      start_showing (f, &shown[i]);
      assert_check (f, lease, -1);
      unmap_port (f, lease);
      g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
    }
}

/* Another process after a crash has only the lease. */
static void
test_after_crash (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (shown) - 1; i++)
    {
      g_autoptr (PlumLease) lease = NULL;

      renew_backend (f);
      f->igd->counts.get_status = 0;
      start_showing (f, &shown[i]);
      lease = map_port (f, 9000);
      renew_backend (f);
      unmap_port (f, lease);
      g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
    }
}

/* An add without a usable answer: the entry is read, and taken. */
static void
hide_answer (const char *request, guint *status, GString *body, gpointer data)
{
  if (strstr (request, "#AddPortMapping\"") != NULL)
    g_string_assign (body, "<html></html>");
  else
    show (request, status, body, data);
}

static void
test_unclear_add (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (shown) - 1; i++)
    {
      g_autoptr (PlumLease) lease = NULL;

      renew_backend (f);
      f->igd->edit = NULL;
      discover (f);
      start_showing (f, &shown[i]);
      f->igd->edit = hide_answer;
      lease = map_port (f, 9000);
      assert_one_entry (f, lease);
      unmap_port (f, lease);
      g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
    }
}

/* -- Other hosts -- */

static const Shown others[] = {
  { "padded", STRANGER, "127.077.041.099", NULL, NULL },
  { "mapped", STRANGER, "::ffff:" STRANGER, NULL, NULL },
  { "with-port", STRANGER, STRANGER ":8080", NULL, NULL },
  { "host-name", STRANGER, "my-pc", NULL, NULL },
  { "missing", CLIENT (STRANGER), "", NULL, NULL },
  { "empty", STRANGER, "", NULL, NULL },
};

static void
add_same_program (Fixture *f, const char *client)
{
  fake_igd_wipe (f->igd);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 8080, client, 0);
  find (f, 9000)->description = g_strdup ("test");
}

/* The same program on another host has an entry with the same port and description. */
static void
test_spares_same_program (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autoptr (PlumLease) lease = NULL;

      renew_backend (f);
      f->igd->counts.get_status = 0;
      add_same_program (f, STRANGER);
      start_showing (f, &others[i]);
      lease = map_port (f, 9000);
      g_assert_cmpuint (plum_lease_get_external_port (lease), !=, 9000);
      g_assert_cmpstr (find (f, 9000)->client, ==, STRANGER);
      unmap_port (f, lease);
      g_assert_cmpstr (find (f, 9000)->client, ==, STRANGER);
      g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
    }
}

/* The entry is replaced by one of another address, in whatever form. */
static void
test_spares_other_address (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < 3; i++)
    {
      g_autoptr (PlumLease) lease = NULL;

      renew_backend (f);
      fake_igd_wipe (f->igd);
      f->igd->counts.get_status = 0;
      start_showing (f, &others[i]);
      lease = map_port (f, 9000);
      add_same_program (f, STRANGER);
      f->igd->counts.delete = 0;
      assert_check (f, lease, PLUM_ERROR_CONFLICT);
      unmap_port (f, lease);
      g_assert_cmpstr (find (f, 9000)->client, ==, STRANGER);
      g_assert_cmpuint (f->igd->counts.delete, ==, 0);
    }
}

/* It is replaced by another program's, of a host that the router does not report. */
static void
test_spares_other_program (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  start_showing (f, &others[3]);
  lease = map_port (f, 9000);
  fake_igd_wipe (f->igd);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 8080, STRANGER, 0);
  find (f, 9000)->description = g_strdup ("torrent");
  assert_check (f, lease, PLUM_ERROR_CONFLICT);
  unmap_port (f, lease);
  g_assert_cmpstr (find (f, 9000)->client, ==, STRANGER);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

/* A record without a token: it is unknown whether this program has added the entry. */
static void
test_without_token (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) asked = plum_lease_new (NULL, 9000, LIFETIME, NULL);
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  add_same_program (f, STRANGER);
  start_showing (f, &others[3]);
  done = lease_call (f, PLUM_CALL_UNMAP, asked);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

/* -- A port without an entry -- */

/* What the router shows in place of fault 714. */
typedef struct
{
  const char *client;
  const char *port;
  const char *enabled;
  const char *description;
  const char *lease;
  const char *remote;
} Blank;

static const Blank blanks[] = {
  { "", "0", "1", "", "0", "" },
  { "0.0.0.0", "0", "1", "", "0", "" },
  { "000.000.000.000", "0", "0", "", "0", "0.0.0.0" },
  { "(null)", "0", "0", "(null)", "0", "(null)" },
  { "(null)", "0", "1", "(null)", "0", "" },
  { "(NULL)", "0", "0", "", "0", "" },
  { " (null) ", "", "0", "", "0", "*" },
  { "(null)", "(null)", "0", "(null)", "(null)", "(null)" },
  { "(null)", "0", "0", "torrent", "0", "" }, /* the text of an entry that was deleted */
  { "0.0.0.0", "0", "0", "torrent", "3600", "" },
};

/* In doubt, the entry is another host's. */
static const Blank not_blanks[] = {
  { "(null)", "80", "0", "", "0", "" },    { "", "80", "0", "", "0", "" },
  { "0.0.0.0", "80", "1", "", "0", "" },   { "(null)", "8080-8090", "0", "", "0", "" },
  { "", "8080-8090", "1", "", "0", "" },   { "(null)", "0", "1", "torrent", "0", "" },
  { "", "0", "1", "torrent", "0", "" },    { "0.0.0.0", "0", "1", "torrent", "0", "" },
  { "(null)", "0", "1", "test", "0", "" }, /* the same program on another host */
  { "(null)", "0", "1", "", "3600", "" },  { "(null)", "0", "1", "", "0", "198.51.100.1" },
  { STRANGER, "0", "0", "", "0", "" },     { "my-pc", "0", "0", "", "0", "" },
  { "null", "0", "0", "", "0", "" },       { "(null", "0", "0", "", "0", "" },
};

static void
show_blank (const char *request, guint *status, GString *body, gpointer data)
{
  const Blank *row = data;

  if (*status != 500 || strstr (request, "#GetSpecificPortMappingEntry\"") == NULL ||
      strstr (request, "<NewExternalPort>9000<") == NULL)
    return;

  *status = 200;
  g_string_printf (body,
                   "<Envelope><Body><GetSpecificPortMappingEntryResponse>"
                   "<NewInternalPort>%s</NewInternalPort>" CLIENT ("%s") //
                   "<NewEnabled>%s</NewEnabled>" DESCRIPTION ("%s")      //
                   "<NewLeaseDuration>%s</NewLeaseDuration><NewRemoteHost>%s</NewRemoteHost>"
                   "</GetSpecificPortMappingEntryResponse></Body></Envelope>",
                   row->port, row->client, row->enabled, row->description, row->lease, row->remote);
}

static void
start_showing_blank (Fixture *f, const Blank *row)
{
  g_test_message ("%s:%s enabled %s ‘%s’ lease %s remote ‘%s’", row->client, row->port,
                  row->enabled, row->description, row->lease, row->remote);
  renew_backend (f);
  fake_igd_wipe (f->igd);
  f->igd->counts.get_status = 0;
  f->igd->edit = show_blank;
  f->igd->edit_data = (gpointer) row;
}

static void
test_free (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (blanks); i++)
    {
      g_autoptr (PlumLease) lease = NULL;

      start_showing_blank (f, &blanks[i]);
      lease = map_port (f, 9000);
      assert_one_entry (f, lease);
      assert_check (f, lease, -1);

      /* The router has lost the entry: there is nothing to delete. */
      fake_igd_wipe (f->igd);
      f->igd->counts.delete = 0;
      assert_check (f, lease, PLUM_ERROR_DESTROYED);
      unmap_port (f, lease);
      g_assert_cmpuint (f->igd->counts.delete, ==, 0);
    }
}

static void
test_not_free (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (not_blanks); i++)
    {
      g_autoptr (PlumLease) lease = NULL;

      start_showing_blank (f, &not_blanks[i]);
      lease = map_port (f, 9000);
      g_assert_cmpuint (plum_lease_get_external_port (lease), !=, 9000);
      g_assert_null (find (f, 9000));
      unmap_port (f, lease);
    }
}

/* -- A router that ignores the internal port (quirk 51) -- */

static void
test_equal_ports (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);
  g_autoptr (PlumCall) second = NULL;
  guint adds;

  g_assert_cmpuint (plum_lease_get_external_port (lease), ==, 8080);
  g_assert_cmpuint (find (f, 8080)->internal_port, ==, 8080);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
  assert_check (f, lease, -1);

  /* The backend remembers it. */
  adds = f->igd->counts.add;
  second = map_call (f, 8081, 9001, LIFETIME);
  g_assert_no_error (plum_call_get_error (second));
  g_assert_cmpuint (plum_lease_get_external_port (plum_call_get_lease (second)), ==, 8081);
  g_assert_cmpuint (f->igd->counts.add - adds, ==, 1);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

/* The first mapping had equal ports, so that nothing was wrong with it. */
static void
test_equal_ports_later (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) second = NULL;

  map_only (f, 8080);
  second = map_call (f, 8081, 9001, LIFETIME);
  g_assert_no_error (plum_call_get_error (second));
  g_assert_cmpuint (plum_lease_get_external_port (plum_call_get_lease (second)), ==, 8081);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 2);
  g_assert_cmpuint (find (f, 8081)->internal_port, ==, 8081);
}

static void
test_equal_ports_and_host_name (Fixture *f, gconstpointer data)
{
  start_showing (f, &shown[0]);
  test_equal_ports (f, data);
}

static void
test_equal_ports_unclear (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  discover (f);
  start_showing (f, &shown[0]);
  f->igd->edit = hide_answer;
  lease = map_port (f, 9000);
  g_assert_cmpuint (plum_lease_get_external_port (lease), ==, 8080);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

/* Another host has the port that both sides must have. */
static void
test_equal_ports_taken (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 80, STRANGER, 0);
  done = map_call (f, 8080, 9000, LIFETIME);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_CONFLICT);
  g_assert_cmpstr (find (f, 8080)->client, ==, STRANGER);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

/* Another mapping of this program, by another manager or process, has taken the external port
 * between the add and the look: its entry has the same host and description. */
static void
take_by_ourselves (const char *request, guint *status, GString *body, gpointer data)
{
  Fixture *f = data;

  if (strstr (request, "#AddPortMapping\"") != NULL &&
      strstr (request, "<NewExternalPort>9000<") != NULL)
    find (f, 9000)->internal_port = 8081;
}

static void
test_taken_by_ourselves (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = NULL;

  discover (f);
  f->igd->edit = take_by_ourselves;
  f->igd->edit_data = f;
  lease = map_port (f, 9000);
  g_assert_cmpuint (plum_lease_get_external_port (lease), !=, 9000);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
  g_assert_cmpuint (find (f, 9000)->internal_port, ==, 8081);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

/* What the router does not delete is named. */
static void
test_equal_ports_kept (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumRequest) request = test_request_new_exact (PLUM_PROTOCOL_TCP, 8080, 9000);
  const PlumCallArgs args = { request, NULL, NULL };
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = call (f, PLUM_CALL_MAP, &args);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_nonnull (strstr (plum_call_get_error (done)->message,
                            "instead of 8080; TCP port 9000 may remain on the router"));
}

static const UpnpTest tests[] = {
  { "shown/life", { 0 }, test_life },
  { "shown/life-permanent", { .timed_fault = 725 }, test_life },
  { "shown/life-v2", { .version = 2 }, test_life },
  { "shown/life-501-for-free-ports", { .no_entry_fault = 501 }, test_life },
  { "shown/life-402-for-free-ports", { .no_entry_fault = 402 }, test_life },
  { "shown/later", { 0 }, test_later },
  { "shown/later-permanent", { .timed_fault = 725 }, test_later },
  { "shown/after-crash", { .timed_fault = 725 }, test_after_crash },
  { "shown/unclear-add", { 0 }, test_unclear_add },
  { "shown/other-host/same-program", { 0 }, test_spares_same_program },
  { "shown/other-host/same-program-overwrite", { .overwrite = TRUE }, test_spares_same_program },
  { "shown/other-host/address", { 0 }, test_spares_other_address },
  { "shown/other-host/program", { 0 }, test_spares_other_program },
  { "shown/other-host/without-token", { 0 }, test_without_token },
  { "shown/free", { 0 }, test_free },
  { "shown/free-permanent", { .timed_fault = 725 }, test_free },
  { "shown/not-free", { 0 }, test_not_free },
  { "shown/not-free-v2", { .version = 2 }, test_not_free },
  { "shown/equal-ports/map", { .equal_ports = TRUE }, test_equal_ports },
  { "shown/equal-ports/star", { .equal_ports = TRUE, .star_on_delete = TRUE }, test_equal_ports },
  { "shown/equal-ports/permanent", { .equal_ports = TRUE, .timed_fault = 725 }, test_equal_ports },
  { "shown/equal-ports/v2", { .equal_ports = TRUE, .version = 2 }, test_equal_ports },
  { "shown/equal-ports/fault", { .equal_ports = TRUE, .fault_after_add = 501 }, test_equal_ports },
  { "shown/equal-ports/501-for-free-ports",
    { .equal_ports = TRUE, .no_entry_fault = 501 },
    test_equal_ports },
  { "shown/equal-ports/later", { .equal_ports = TRUE }, test_equal_ports_later },
  { "shown/equal-ports/host-name", { .equal_ports = TRUE }, test_equal_ports_and_host_name },
  { "shown/equal-ports/unclear", { .equal_ports = TRUE }, test_equal_ports_unclear },
  { "shown/equal-ports/taken", { .equal_ports = TRUE }, test_equal_ports_taken },
  { "shown/equal-ports/taken-by-ourselves", { 0 }, test_taken_by_ourselves },
  { "shown/equal-ports/taken-by-ourselves-v2", { .version = 2 }, test_taken_by_ourselves },
  { "shown/equal-ports/kept", { .equal_ports = TRUE, .delete_fault = 501 }, test_equal_ports_kept },
};

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/upnp/shown/client", test_client_match);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    upnp_test_add (&tests[i]);

  return g_test_run ();
}
