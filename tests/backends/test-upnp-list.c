/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.33"

#include "upnp-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

/* Lists of routers that report entries which are not mappings of one port to one address, and
 * deletions of one entry. */

#define RESPONSE                                                                                   \
  "<Envelope><Body><u:GetGenericPortMappingEntryResponse>%s"                                       \
  "</u:GetGenericPortMappingEntryResponse></Body></Envelope>"
#define ROW                                                                                        \
  "<NewRemoteHost></NewRemoteHost><NewExternalPort>%s</NewExternalPort>"                           \
  "<NewProtocol>%s</NewProtocol><NewInternalPort>%s</NewInternalPort>"                             \
  "<NewInternalClient>%s</NewInternalClient><NewEnabled>%s</NewEnabled>"                           \
  "<NewPortMappingDescription>%s</NewPortMappingDescription>"                                      \
  "<NewLeaseDuration>%s</NewLeaseDuration>"

/* The answer for one index of the table, in place of the router's. */
typedef struct
{
  guint index;
  const char *external;
  const char *protocol;
  const char *internal;
  const char *client;
  const char *enabled;
  const char *description;
  const char *lease;
  /* Instead of an entry: */
  int fault;
  guint status;
  const char *body;
  guint last; /* the same for the following indices, up to this one */
} Odd;

static gboolean
reads_index (const char *request, guint first, guint last)
{
  const char *index = strstr (request, "<NewPortMappingIndex>");
  guint64 n;

  if (index == NULL)
    return FALSE;

  n = g_ascii_strtoull (index + strlen ("<NewPortMappingIndex>"), NULL, 10);
  return n >= first && n <= MAX (first, last);
}

static void
edit_entry (const char *request, guint *status, GString *body, gpointer data)
{
  const Odd *odd = data;
  g_autofree char *row = NULL;

  if (!reads_index (request, odd->index, odd->last))
    return;

  *status = odd->status != 0 ? odd->status : 200;
  if (odd->body != NULL)
    {
      g_string_assign (body, odd->body);
      return;
    }
  if (odd->fault != 0)
    {
      *status = 500;
      g_string_printf (body,
                       "<Envelope><Body><Fault><errorCode>%d</errorCode></Fault></Body></Envelope>",
                       odd->fault);
      return;
    }

  row = g_strdup_printf (ROW, odd->external, odd->protocol, odd->internal, odd->client,
                         odd->enabled, odd->description, odd->lease);
  g_string_printf (body, RESPONSE, row);
}

static GListModel *
list_with (Fixture *f, const Odd *odd)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 0);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9001, 81, STRANGER, 0);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_UDP, 9002, 82, STRANGER, 600);
  f->igd->edit = edit_entry;
  f->igd->edit_data = (gpointer) odd;
  done = call (f, PLUM_CALL_LIST, NULL);
  g_assert_no_error (plum_call_get_error (done));
  return g_object_ref (plum_call_get_entries (done));
}

/* The list keeps it. */
static PlumEntry *
get_entry (GListModel *entries, guint index)
{
  g_autoptr (PlumEntry) entry = g_list_model_get_item (entries, index);

  g_assert_nonnull (entry);
  return entry;
}

static void
assert_problem (PlumEntry *entry, const char *text)
{
  g_assert_false (plum_entry_is_readable (entry));
  g_test_message ("%s", plum_entry_get_problem (entry));
  g_assert_nonnull (strstr (plum_entry_get_problem (entry), text));
}

/* -- Entries -- */

/* What is wrong with the second of three entries, and what the list says about it. */
static const struct
{
  const char *name;
  Odd odd;
  const char *problem;       /* NULL: readable */
  const char *protocol_text; /* as in PlumEntry */
  const char *port_text;
  const char *address_text;
  guint lifetime;
} rows[] = {
  { "internal-port-empty",
    { 1, "9001", "TCP", "", STRANGER, "1", "x", "600" },
    "internal port ‘’",
    NULL,
    "",
    NULL,
    600 },
  { "internal-port-range",
    { 1, "9001", "TCP", "6881-6889", STRANGER, "1", "x", "600" },
    "internal port ‘6881-6889’",
    NULL,
    "6881-6889",
    NULL,
    600 },
  { "internal-port-0",
    { 1, "9001", "TCP", "0", STRANGER, "1", "x", "600" },
    "internal port ‘0’",
    NULL,
    "0",
    NULL,
    600 },
  { "internal-port-65536",
    { 1, "9001", "TCP", "65536", STRANGER, "1", "x", "600" },
    "internal port ‘65536’",
    NULL,
    "65536",
    NULL,
    600 },
  { "external-port-range",
    { 1, "6881-6889", "TCP", "80", STRANGER, "1", "x", "600" },
    "external port ‘6881-6889’",
    NULL,
    NULL,
    NULL,
    600 },
  { "protocol-both",
    { 1, "9001", "TCP/UDP", "81", STRANGER, "1", "x", "600" },
    "protocol ‘TCP/UDP’",
    "TCP/UDP",
    NULL,
    NULL,
    600 },
  { "protocol-empty",
    { 1, "9001", "", "81", STRANGER, "1", "x", "600" },
    "protocol ‘’",
    "",
    NULL,
    NULL,
    600 },
  { "protocol-number",
    { 1, "9001", "6", "81", STRANGER, "1", "x", "600" },
    "protocol ‘6’",
    "6",
    NULL,
    NULL,
    600 },
  { "client-empty",
    { 1, "9001", "TCP", "81", "", "1", "x", "600" },
    "internal host ‘’",
    NULL,
    NULL,
    "",
    600 },
  { "client-any",
    { 1, "9001", "TCP", "81", "0.0.0.0", "1", "x", "600" },
    "internal host ‘0.0.0.0’",
    NULL,
    NULL,
    "0.0.0.0",
    600 },
  { "client-name",
    { 1, "9001", "TCP", "81", "nas.lan", "1", "x", "600" },
    "internal host ‘nas.lan’",
    NULL,
    NULL,
    "nas.lan",
    600 },
  { "client-hostile",
    { 1, "9001", "TCP", "81",
      "a\xe2\x80\xae"
      "b\xc2\x9b"
      "c",
      "1", "x", "600" },
    "internal host ‘abc’",
    NULL,
    NULL,
    "abc",
    600 },
  { "lease-text",
    { 1, "9001", "TCP", "81", STRANGER, "1", "x", "0 Days, 01:00:00" },
    NULL,
    NULL,
    NULL,
    NULL,
    0 },
  { "lease-empty", { 1, "9001", "TCP", "81", STRANGER, "1", "x", "" }, NULL, NULL, NULL, NULL, 0 },
  { "lease-negative",
    { 1, "9001", "TCP", "81", STRANGER, "1", "x", "-1" },
    NULL,
    NULL,
    NULL,
    NULL,
    0 },
  { "enabled-text",
    { 1, "9001", "TCP", "81", STRANGER, "perhaps", "x", "0" },
    NULL,
    NULL,
    NULL,
    NULL,
    PLUM_LIFETIME_FOREVER },
  { "missing-lease",
    { .index = 1,
      .body = "<Envelope><Body><GetGenericPortMappingEntryResponse>"
              "<NewExternalPort>9001</NewExternalPort><NewProtocol>TCP</NewProtocol>"
              "<NewInternalPort>81</NewInternalPort><NewInternalClient>" STRANGER
              "</NewInternalClient><NewLeaseDuration>36" },
    NULL,
    NULL,
    NULL,
    NULL,
    0 },
  { "cut-in-port",
    { .index = 1,
      .body = "<Envelope><Body><GetGenericPortMappingEntryResponse>"
              "<NewExternalPort>9001</NewExternalPort><NewProtocol>TCP</NewProtocol>"
              "<NewInternalPort>81" },
    "internal port missing",
    NULL,
    "",
    "",
    0 },
  { "fault-501",
    { .index = 1, .fault = 501 },
    "entry 1 could not be read: error 501",
    "",
    "",
    "",
    0 },
  { "fault-402",
    { .index = 1, .fault = 402 },
    "entry 1 could not be read: error 402",
    "",
    "",
    "",
    0 },
  { "fault-606",
    { .index = 1, .fault = 606 },
    "entry 1 could not be read: error 606",
    "",
    "",
    "",
    0 },
  { "http-500", { .index = 1, .status = 500, .body = "" }, "HTTP 500 without SOAP", "", "", "", 0 },
  { "http-200-html",
    { .index = 1, .body = "<html><body>Log in</body></html>" },
    "HTTP 200 without SOAP",
    "",
    "",
    "",
    0 },
  { "empty-answer", { .index = 1, .body = "" }, "HTTP 200 without SOAP", "", "", "", 0 },
  { "empty-entry", { 1, "", "", "", "", "", "", "" }, "the answer is empty or cut", "", "", "", 0 },
};

static void
test_row (Fixture *f, gconstpointer data)
{
  const UpnpTest *test = data;
  const char *name = test->name + strlen ("list/row/");
  guint i = 0;
  g_autoptr (GListModel) entries = NULL;
  PlumEntry *entry;

  while (!g_str_equal (rows[i].name, name))
    i++;
  entries = list_with (f, &rows[i].odd);
  g_assert_cmpuint (g_list_model_get_n_items (entries), ==, 3);
  g_assert_cmpuint (plum_entry_get_external_port (get_entry (entries, 0)), ==, 9000);
  g_assert_cmpuint (plum_entry_get_external_port (get_entry (entries, 2)), ==, 9002);

  entry = get_entry (entries, 1);
  if (rows[i].problem != NULL)
    assert_problem (entry, rows[i].problem);
  else
    g_assert_true (plum_entry_is_readable (entry));
  g_assert_cmpstr (plum_entry_get_protocol_text (entry), ==, rows[i].protocol_text);
  g_assert_cmpstr (plum_entry_get_internal_port_text (entry), ==, rows[i].port_text);
  g_assert_cmpstr (plum_entry_get_internal_address_text (entry), ==, rows[i].address_text);
  g_assert_cmpuint (plum_entry_get_lifetime (entry), ==, rows[i].lifetime);
}

/* -- The end of the table -- */

/* Routers that do not send 713: the list is complete. */
static void
test_end (Fixture *f, gconstpointer data)
{
  const Odd ends[] = {
    { .index = 3, .fault = 714, .last = 9 },
    { .index = 3, .fault = 402, .last = 9 },
    { .index = 3, .fault = 501, .last = 9 },
    { 3, "", "", "", "", "", "", "", .last = 9 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      g_autoptr (GListModel) entries = NULL;

      fake_igd_wipe (f->igd);
      f->igd->edit = NULL;
      entries = list_with (f, &ends[i]);
      g_assert_cmpuint (g_list_model_get_n_items (entries), ==, 3);
      for (guint j = 0; j < 3; j++)
        g_assert_true (plum_entry_is_readable (get_entry (entries, j)));
    }
}

/* The router fails in the middle: what was read is kept, and the last entry says so. */
static void
test_broken_off (Fixture *f, gconstpointer data)
{
  const Odd faults[] = {
    { .index = 2, .fault = 606, .last = 9 },
    { .index = 2, .fault = 401, .last = 9 },
    { .index = 2, .status = 500, .body = "", .last = 9 },
    { .index = 2, .status = 401, .body = "<html></html>", .last = 9 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autoptr (GListModel) entries = NULL;

      fake_igd_wipe (f->igd);
      f->igd->edit = NULL;
      entries = list_with (f, &faults[i]);
      g_assert_cmpuint (g_list_model_get_n_items (entries), ==, 3);
      g_assert_true (plum_entry_is_readable (get_entry (entries, 1)));
      assert_problem (get_entry (entries, 2), "the rest of the table could not be read");
    }
}

static void
hang_up_later (const char *request, guint *status, GString *body, gpointer data)
{
  Fixture *f = data;

  if (reads_index (request, 1, 1))
    f->igd->switches.hang_up_on = "GetGenericPortMappingEntry";
}

static void
test_hangs_up (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  for (guint i = 0; i < 4; i++)
    fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000 + i, 80, STRANGER, 0);
  f->igd->edit = hang_up_later;
  f->igd->edit_data = f;
  done = call (f, PLUM_CALL_LIST, NULL);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpuint (g_list_model_get_n_items (plum_call_get_entries (done)), ==, 3);
  assert_problem (get_entry (plum_call_get_entries (done), 2), "the rest of the table");
}

/* -- The whole table at once -- */

static void
cut_listing (const char *request, guint *status, GString *body, gpointer data)
{
  const char *last = g_strrstr (body->str, "NewInternalClient");

  if (strstr (request, "#GetListOfPortMappings\"") != NULL && last != NULL)
    g_string_truncate (body, (gsize) (last - body->str));
}

/* A list that is cut is read again entry by entry. If that is impossible, what was read is kept. */
static void
test_cut_listing (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;
  GListModel *entries;
  gboolean can_read_entries = f->igd->switches.generic_fault == 0;

  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 0);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9001, 81, STRANGER, 0);
  f->igd->edit = cut_listing;
  done = call (f, PLUM_CALL_LIST, NULL);
  g_assert_no_error (plum_call_get_error (done));
  entries = plum_call_get_entries (done);
  g_assert_true (plum_entry_is_readable (get_entry (entries, 0)));
  g_assert_cmpuint (plum_entry_get_external_port (get_entry (entries, 1)), ==, 9001);
  g_assert_cmpuint (g_list_model_get_n_items (entries), ==, can_read_entries ? 2 : 3);
  if (!can_read_entries)
    assert_problem (get_entry (entries, 2), "the rest of the table could not be read");
}

/* An empty list. UPnP WANIPConnection:2 specifies fault 730 for a range without entries, so that it
 * may also be the answer of a router that does not list its table at once. */
typedef struct
{
  const char *listing;
  gboolean only_tcp; /* the list of UDP is as it should be */
} EmptyListing;

static const EmptyListing empty_listings[] = {
  { "<NewPortListing/>", FALSE },
  { "<NewPortListing></NewPortListing>", FALSE },
  { "<NewPortListing> \n</NewPortListing>", FALSE },
  { "<NewPortListing>&lt;PortMappingList/&gt;</NewPortListing>", FALSE },
  { "<NewPortListing><![CDATA[<p:PortMappingList></p:PortMappingList>]]></NewPortListing>", FALSE },
  { "<NewPortListing>&lt;PortMappingEntry/&gt;</NewPortListing>", FALSE },
  { "<NewPortListing/>", TRUE },
};

static void
empty_listing (const char *request, guint *status, GString *body, gpointer data)
{
  const EmptyListing *row = data;

  if (strstr (request, "#GetListOfPortMappings\"") == NULL ||
      (row->only_tcp && strstr (request, ">UDP<") != NULL))
    return;

  *status = 200;
  g_string_printf (body,
                   "<Envelope><Body><GetListOfPortMappingsResponse>%s"
                   "</GetListOfPortMappingsResponse></Body></Envelope>",
                   row->listing);
}

static void
test_empty_listing (Fixture *f, gconstpointer data)
{
  gboolean can_read_entries = f->igd->switches.generic_fault == 0;

  discover (f);
  f->igd->edit = empty_listing;
  for (gsize i = 0; i < G_N_ELEMENTS (empty_listings); i++)
    {
      g_autoptr (PlumCall) none = NULL;
      g_autoptr (PlumCall) two = NULL;

      g_test_message ("%s", empty_listings[i].listing);
      f->igd->edit_data = (gpointer) &empty_listings[i];
      fake_igd_wipe (f->igd);
      f->igd->counts.get_generic = 0;
      none = call (f, PLUM_CALL_LIST, NULL);
      g_assert_no_error (plum_call_get_error (none));
      g_assert_cmpuint (g_list_model_get_n_items (plum_call_get_entries (none)), ==, 0);
      g_assert_cmpuint (f->igd->counts.get_generic, ==, 1);

      fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 0);
      fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9001, 81, STRANGER, 0);
      two = call (f, PLUM_CALL_LIST, NULL);
      g_assert_no_error (plum_call_get_error (two));
      g_assert_cmpuint (g_list_model_get_n_items (plum_call_get_entries (two)), ==,
                        can_read_entries ? 2 : 0);
    }
}

/* The router lists the entries of the other protocol, and so does list its table. */
static void
test_half_empty_listing (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_UDP, 9000, 80, STRANGER, 0);
  f->igd->edit = empty_listing;
  f->igd->edit_data = (gpointer) &empty_listings[G_N_ELEMENTS (empty_listings) - 1];
  done = call (f, PLUM_CALL_LIST, NULL);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpuint (g_list_model_get_n_items (plum_call_get_entries (done)), ==, 1);
  g_assert_cmpuint (f->igd->counts.get_generic, ==, 0);
}

/* 730 is what the specification requires. */
static void
test_specified_empty_listing (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = call (f, PLUM_CALL_LIST, NULL);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpuint (g_list_model_get_n_items (plum_call_get_entries (done)), ==, 0);
  g_assert_cmpuint (f->igd->counts.get_generic, ==, 0);
}

/* The list of UDP is refused. */
static void
empty_and_refused_listing (const char *request, guint *status, GString *body, gpointer data)
{
  if (strstr (request, "#GetListOfPortMappings\"") != NULL && strstr (request, ">UDP<") != NULL)
    {
      *status = 500;
      g_string_assign (body, "<Envelope><Body><Fault><detail><UPnPError><errorCode>501</errorCode>"
                             "</UPnPError></detail></Fault></Body></Envelope>");
    }
  else
    empty_listing (request, status, body, data);
}

/* The router reads no single entry: what it has for UDP is unknown. */
static void
test_half_refused_listing (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_UDP, 9000, 80, STRANGER, 0);
  f->igd->edit = empty_and_refused_listing;
  f->igd->edit_data = (gpointer) &empty_listings[0];
  done = call (f, PLUM_CALL_LIST, NULL);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
}

/* Whether the table is empty remains unknown. */
static void
test_empty_listing_unverified (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  f->igd->edit = empty_listing;
  f->igd->edit_data = (gpointer) &empty_listings[0];
  done = call (f, PLUM_CALL_LIST, NULL);
  g_assert_nonnull (plum_call_get_error (done));
}

/* -- Memory -- */

static void
long_entry (const char *request, guint *status, GString *body, gpointer data)
{
  guint *n = data;
  g_autofree char *external = NULL;
  g_autofree char *text = NULL;
  g_autofree char *row = NULL;

  if (strstr (request, "<NewPortMappingIndex>") == NULL)
    return;

  external = g_strdup_printf ("%u", ++*n);
  text = g_strnfill (40000, 'x');
  row = g_strdup_printf (ROW, external, text + 39000, text + 39000, "nas.lan", "1", text, "600");
  g_string_printf (body, RESPONSE, row);
}

/* Texts are cut as they are read. */
static void
test_long_texts (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;
  g_autoptr (GListModel) entries = NULL;
  guint n = 0;
  gsize size = 0;

  discover (f);
  f->igd->edit = long_entry;
  f->igd->edit_data = &n;
  f->igd->switches.endless_table = TRUE;
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 0);
  done = test_call (&f->loop, f->backend, PLUM_CALL_LIST, NULL, 600 * 1000);
  g_assert_no_error (plum_call_get_error (done));

  for (guint i = 0; i < g_list_model_get_n_items (plum_call_get_entries (done)); i++)
    {
      PlumEntry *entry = get_entry (plum_call_get_entries (done), i);
      const char *texts[] = { plum_entry_get_description (entry),
                              plum_entry_get_protocol_text (entry),
                              plum_entry_get_internal_port_text (entry),
                              plum_entry_get_internal_address_text (entry),
                              plum_entry_get_problem (entry) };

      for (gsize j = 0; j < G_N_ELEMENTS (texts); j++)
        size += texts[j] != NULL ? test_block_size (texts[j]) : 0;
    }
  g_test_message ("%u entries retain %" G_GSIZE_FORMAT " bytes of text", n, size);
  g_assert_cmpuint (n, >, 4000);
  g_assert_cmpuint (size, <, 4096 * 1024);
}

/* An entry that is longer than any answer may be does not end the list. */
static void
test_too_long (Fixture *f, gconstpointer data)
{
  g_autofree char *text = g_strnfill (100000, 'x');
  const Odd odd = { .index = 0, .body = text };
  g_autoptr (GListModel) entries = list_with (f, &odd);

  g_assert_cmpuint (g_list_model_get_n_items (entries), ==, 3);
  assert_problem (get_entry (entries, 0), "entry 0 could not be read");
  g_assert_cmpuint (plum_entry_get_external_port (get_entry (entries, 1)), ==, 9001);
}

/* -- Deletions -- */

/* The internal address of the entry that is to be deleted. */
#define MEANT_OURS NULL
#define MEANT_STRANGER STRANGER

/* Returns the error of a deletion of TCP port 9000 that leads to port 80 of the client. */
static GError *
delete_9000 (Fixture *f, const char *client)
{
  g_autoptr (GInetAddress) address =
    client != NULL ? g_inet_address_new_from_string (client) : NULL;
  g_autoptr (PlumEntry) entry =
    plum_entry_new (PLUM_PROTOCOL_TCP, 9000, 80, address, NULL, 600, TRUE);
  const PlumCallArgs args = { NULL, NULL, entry };
  g_autoptr (PlumCall) done = NULL;

  if (f->backend != NULL && f->igd->counts.descriptions == 0)
    discover (f);
  done = call (f, PLUM_CALL_DELETE_ENTRY, &args);
  if (plum_call_get_error (done) != NULL)
    g_test_message ("%s", plum_call_get_error (done)->message);
  return plum_call_get_error (done) != NULL ? g_error_copy (plum_call_get_error (done)) : NULL;
}

static void
test_delete_ours (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, LOCAL, 600);
  error = delete_9000 (f, MEANT_OURS);
  g_assert_no_error (error);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 2); /* before and after the first delete */
}

/* A router that answers 713 to every look does not show its entries: neither the delete nor later
 * checks take that for a port without an entry. */
static void
test_delete_unshown_713 (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (GError) error = NULL;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 600);
  error = delete_9000 (f, MEANT_STRANGER);
  g_assert_no_error (error);
  g_assert_null (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 9000));

  assert_check (f, lease, PLUM_ERROR_NOT_SUPPORTED);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* A router that shows its entries, and answers 713 for a port without one. */
static void
test_delete_shown_713 (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  map_only (f, 8080);
  error = delete_9000 (f, MEANT_STRANGER);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_DESTROYED);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

static void
test_delete_nothing (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = delete_9000 (f, MEANT_STRANGER);

  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_DESTROYED);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

/* data: the body; NULL: the original one. */
static void
look_not_found (const char *request, guint *status, GString *body, gpointer data)
{
  if (strstr (request, "#GetSpecificPortMappingEntry\"") == NULL)
    return;

  *status = 404;
  if (data != NULL)
    g_string_assign (body, data);
}

static void
test_delete_nothing_404 (Fixture *f, gconstpointer data)
{
  f->igd->edit = look_not_found;
  test_delete_nothing (f, data);
  g_assert_null (f->lost);
}

/* The port changed hands after the list was read. */
static void
test_delete_taken_over (Fixture *f, gconstpointer data)
{
  const char *meant[] = { MEANT_OURS, LOCAL, UPNP_TEST_NET ".98" };

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 600);
  for (gsize i = 0; i < G_N_ELEMENTS (meant); i++)
    {
      g_autoptr (GError) error = delete_9000 (f, meant[i]);

      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_CONFLICT);
      g_assert_nonnull (strstr (error->message, STRANGER));
    }
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

static void
test_delete_other_port (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 81, LOCAL, 600);
  error = delete_9000 (f, LOCAL);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_CONFLICT);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

/* The router cannot look: only an entry that the user has seen in the list is deleted. */
static void
test_delete_without_look (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) ours = NULL;
  g_autoptr (GError) stranger = NULL;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 600);
  ours = delete_9000 (f, MEANT_OURS);
  g_assert_error (ours, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);

  stranger = delete_9000 (f, MEANT_STRANGER);
  g_assert_no_error (stranger);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* This host may not have the port that it wants to remove. */
static void
test_delete_guess_without_look (Fixture *f, gconstpointer data)
{
  g_autoptr (GInetAddress) local = g_inet_address_new_from_string (LOCAL);
  g_autoptr (PlumEntry) entry = plum_entry_new (PLUM_PROTOCOL_TCP, 9000, 80, local, NULL, 0, TRUE);
  const PlumCallArgs args = { NULL, NULL, entry };
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 600);
  done = call (f, PLUM_CALL_DELETE_ENTRY, &args);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

static void
test_delete_without_action (Fixture *f, gconstpointer data)
{
  f->igd->edit = look_not_found;
  f->igd->edit_data = (gpointer) "";
  test_delete_without_look (f, data);
  g_assert_null (f->lost);
}

static void
test_delete_star (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, LOCAL, 600);
  error = delete_9000 (f, LOCAL);
  g_assert_no_error (error);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

static void
test_delete_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, LOCAL, 600);
  error = delete_9000 (f, LOCAL);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 1);
}

/* An answer to the delete that cannot be understood, whether or not it took effect. */
typedef struct
{
  guint status;
  const char *body;
} Answer;

static void
edit_delete (const char *request, guint *status, GString *body, gpointer data)
{
  const Answer *answer = data;

  if (strstr (request, "#DeletePortMapping\"") == NULL)
    return;

  *status = answer->status;
  g_string_assign (body, answer->body);
}

static const Answer unclear[] = {
  { 200, "" },
  { 200, "<Envelope><Body></Body></Envelope>" },
  { 200, "<html><body>Log in</body></html>" },
  { 200, "<Envelope><Body><AnotherResponse/></Body></Envelope>" },
  { 401, "<html></html>" },
  { 500, "" },
  { 503, "" },
};

static void
test_delete_unclear_and_gone (Fixture *f, gconstpointer data)
{
  f->igd->edit = edit_delete;
  for (gsize i = 0; i < G_N_ELEMENTS (unclear); i++)
    {
      g_autoptr (GError) error = NULL;

      f->igd->edit_data = (gpointer) &unclear[i];
      fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, LOCAL, 600);
      error = delete_9000 (f, LOCAL);
      g_assert_no_error (error);
      g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
    }
}

static void
test_delete_unclear_and_left (Fixture *f, gconstpointer data)
{
  f->igd->edit = edit_delete;
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, LOCAL, 600);
  for (gsize i = 0; i < G_N_ELEMENTS (unclear); i++)
    {
      g_autoptr (GError) error = NULL;

      f->igd->edit_data = (gpointer) &unclear[i];
      error = delete_9000 (f, LOCAL);
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
      g_assert_nonnull (strstr (error->message, "it is still there for up to 600 s"));
    }
}

static void
test_delete_hangs_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, LOCAL, 0);
  error = delete_9000 (f, LOCAL);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_assert_nonnull (strstr (error->message, "it is still there until it is deleted"));
}

static void
silent_from_delete_on (const char *request, guint *status, GString *body, gpointer data)
{
  Fixture *f = data;

  if (strstr (request, "#DeletePortMapping\"") != NULL)
    f->igd->switches.http_silent = TRUE;
}

static void
test_delete_silent (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, LOCAL, 600);
  discover (f);
  f->igd->edit = silent_from_delete_on;
  f->igd->edit_data = f;
  error = delete_9000 (f, LOCAL);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (error->message, "it may remain for up to 600 s"));
}

/* The entry leads to a host name, as it was listed. */
static void
test_delete_host_name (Fixture *f, gconstpointer data)
{
  g_autofree char *name = g_strnfill (100, 'n');
  const char *names[] = { "nas.lan", "", name };

  discover (f);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (PlumEntry) entry =
        g_object_new (PLUM_TYPE_ENTRY, "external-port", 9000, "internal-port", 80,
                      "internal-address-text", names[i], "problem", "a host name", NULL);
      const PlumCallArgs args = { NULL, NULL, entry };
      g_autoptr (PlumCall) other = NULL;
      g_autoptr (PlumCall) done = NULL;

      fake_igd_wipe (f->igd);
      fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, STRANGER, 0);
      other = call (f, PLUM_CALL_DELETE_ENTRY, &args);
      g_assert_error (plum_call_get_error (other), PLUM_ERROR, PLUM_ERROR_CONFLICT);

      fake_igd_wipe (f->igd);
      fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 80, names[i], 0);
      done = call (f, PLUM_CALL_DELETE_ENTRY, &args);
      g_assert_no_error (plum_call_get_error (done));
      g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
    }
}

/* Port 0 would be every port. */
static void
test_delete_port_0 (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumEntry) entry = plum_entry_new (PLUM_PROTOCOL_TCP, 0, 80, NULL, NULL, 600, TRUE);
  const PlumCallArgs args = { NULL, NULL, entry };
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  done = call (f, PLUM_CALL_DELETE_ENTRY, &args);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpuint (f->igd->counts.get_specific + f->igd->counts.delete, ==, 0);
}

static const UpnpTest tests[] = {
  { "delete/ours", { 0 }, test_delete_ours },
  { "delete/nothing-there", { 0 }, test_delete_nothing },
  { "delete/unshown-713", { .specific_fault = 713 }, test_delete_unshown_713 },
  { "delete/shown-713", { .no_entry_fault = 713 }, test_delete_shown_713 },
  { "delete/nothing-there-404", { 0 }, test_delete_nothing_404 },
  { "delete/taken-over", { 0 }, test_delete_taken_over },
  { "delete/other-port-of-ours", { 0 }, test_delete_other_port },
  { "delete/no-look-of-a-guess", { .specific_fault = 401 }, test_delete_guess_without_look },
  { "delete/no-look-of-a-guess-501", { .specific_fault = 501 }, test_delete_guess_without_look },
  { "delete/no-look-401", { .specific_fault = 401 }, test_delete_without_look },
  { "delete/no-look-404", { 0 }, test_delete_without_action },
  { "delete/no-look-501", { .specific_fault = 501 }, test_delete_without_look },
  { "delete/no-look-login",
    { .login_for = "GetSpecificPortMappingEntry" },
    test_delete_without_look },
  { "delete/no-look-hangs-up",
    { .hang_up_on = "GetSpecificPortMappingEntry" },
    test_delete_without_look },
  { "delete/star", { .star_on_delete = TRUE }, test_delete_star },
  { "delete/refused", { .delete_fault = 606 }, test_delete_refused },
  { "delete/unclear-and-gone", { 0 }, test_delete_unclear_and_gone },
  { "delete/unclear-and-left", { .delete_fault = 501 }, test_delete_unclear_and_left },
  { "delete/hangs-up", { .hang_up_on = "DeletePortMapping" }, test_delete_hangs_up },
  { "delete/silent", { 0 }, test_delete_silent },
  { "delete/host-name", { 0 }, test_delete_host_name },
  { "delete/port-0", { 0 }, test_delete_port_0 },
  { "list/too-long", { 0 }, test_too_long },
  { "list/end", { 0 }, test_end },
  { "list/broken-off", { 0 }, test_broken_off },
  { "list/hangs-up", { 0 }, test_hangs_up },
  { "list/cut-v2", { .version = 2 }, test_cut_listing },
  { "list/cut-v2-in-cdata", { .version = 2, .list_in_cdata = TRUE }, test_cut_listing },
  { "list/empty-v2", { .version = 2 }, test_empty_listing },
  { "list/empty-v2-only", { .version = 2, .generic_fault = 401 }, test_empty_listing },
  { "list/empty-v2-only-602", { .version = 2, .generic_fault = 602 }, test_empty_listing },
  { "list/empty-v2-half", { .version = 2 }, test_half_empty_listing },
  { "list/empty-v2-half-refused",
    { .version = 2, .generic_fault = 401 },
    test_half_refused_listing },
  { "list/empty-v2-as-specified", { .version = 2 }, test_specified_empty_listing },
  { "list/empty-v2-refused",
    { .version = 2, .generic_fault = 606 },
    test_empty_listing_unverified },
  { "list/empty-v2-hang-up",
    { .version = 2, .hang_up_on = "GetGenericPortMappingEntry" },
    test_empty_listing_unverified },
  { "list/cut-v2-only", { .version = 2, .generic_fault = 401 }, test_cut_listing },
  { "list/long-texts", { 0 }, test_long_texts },
};

int
main (int argc, char *argv[])
{
  static UpnpTest row_tests[G_N_ELEMENTS (rows)];
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      row_tests[i].name = g_strconcat ("list/row/", rows[i].name, NULL);
      row_tests[i].func = test_row;
      g_ptr_array_add (names, (gpointer) row_tests[i].name);
      upnp_test_add (&row_tests[i]);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    upnp_test_add (&tests[i]);

  return g_test_run ();
}
