/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.42"

#include "plum-error-private.h"
#include "upnp-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

/* A router that shows a port without an entry as an empty one, or not the host that an entry leads
 * to (quirk 100): an empty entry is no entry, and an entry of an unreported host is not deleted. */

#define ENTRY(port, client, enabled, description)                                                  \
  "<NewInternalPort>" port "</NewInternalPort><NewInternalClient>" client "</NewInternalClient>"   \
  "<NewEnabled>" enabled "</NewEnabled>"                                                           \
  "<NewPortMappingDescription>" description "</NewPortMappingDescription>"                         \
  "<NewLeaseDuration>0</NewLeaseDuration>"
#define RESPONSE(content)                                                                          \
  "<Envelope><Body><GetSpecificPortMappingEntryResponse>" content                                  \
  "</GetSpecificPortMappingEntryResponse></Body></Envelope>"
#define FAULT(code)                                                                                \
  "<Envelope><Body><Fault><detail><UPnPError><errorCode>" code "</errorCode></UPnPError>"          \
  "</detail></Fault></Body></Envelope>"

static const char *const blanks[] = {
  RESPONSE (ENTRY ("0", "", "1", "")),
  RESPONSE (ENTRY ("0", "0.0.0.0", "1", "")),
  RESPONSE (ENTRY ("0", "(null)", "0", "(null)")),
  RESPONSE (ENTRY ("0", "(null)", "0", "torrent")),
};

static FakeIgdEntry *
find (Fixture *f, guint port)
{
  return fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, port);
}

/* What the router shows of the entry of port 9000. */
typedef struct
{
  const char *body;      /* (nullable): instead of the answer for port 9000 */
  const char *from;      /* (nullable): in every answer that shows an entry */
  const char *to;        /* instead of that */
  const char *from2;     /* (nullable) */
  const char *to2;       /* instead of that */
  guint n_unusable;      /* how many answers for port 9000 are empty, before body */
  gboolean after_delete; /* body: only after a delete */
  gboolean lose_delete;  /* a delete is not answered */
} Show;

static gboolean
is_look (const char *request)
{
  return strstr (request, "#GetSpecificPortMappingEntry\"") != NULL &&
         strstr (request, "<NewExternalPort>9000<") != NULL;
}

static void
show (const char *request, guint *status, GString *body, gpointer data)
{
  Show *self = data;

  if (strstr (request, "#DeletePortMapping\"") != NULL)
    {
      self->after_delete = FALSE;
      if (self->lose_delete)
        {
          *status = 503;
          g_string_assign (body, "");
        }
      return;
    }
  if (strstr (request, "#Get") == NULL || strstr (request, "#GetExternal") != NULL)
    return;

  if (is_look (request) && self->n_unusable > 0)
    {
      self->n_unusable--;
      g_string_assign (body, "");
    }
  else if (is_look (request) && self->body != NULL && !self->after_delete)
    {
      *status = strstr (self->body, "<Fault>") != NULL ? 500 : 200;
      g_string_assign (body, self->body);
    }
  if (self->from != NULL)
    g_string_replace (body, self->from, self->to, 0);
  if (self->from2 != NULL)
    g_string_replace (body, self->from2, self->to2, 0);
}

static void
start_show (Fixture *f, Show *self)
{
  f->igd->edit = show;
  f->igd->edit_data = self;
}

/* -- A renewal that is refused, so that the mapping gets another port -- */

static void
renew_elsewhere (Fixture *f)
{
  g_autoptr (PlumLease) lease = NULL;

  f->igd->switches.add_fault = 501;
  f->igd->switches.add_fault_port = 9000;
  lease = map_port (f, 9000);
  g_assert_cmpuint (plum_lease_get_external_port (lease), !=, 9000);
  f->igd->switches.add_fault = 0;
}

/* The old port has no entry any more. */
static void
test_old_port_is_blank (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (blanks); i++)
    {
      Show blank = { .body = blanks[i], .n_unusable = 1 };

      g_test_message ("%s", blanks[i]);
      renew_backend (f);
      f->igd->edit = NULL;
      f->igd->counts.get_status = 0;
      fake_igd_wipe (f->igd);
      map_only (f, 9000);
      fake_igd_wipe (f->igd);
      start_show (f, &blank);
      f->igd->counts.delete = 0;
      renew_elsewhere (f);
      g_assert_cmpuint (f->igd->counts.delete, ==, 0);
    }
}

/* The rest of a cut answer may have a value. */
static void
test_cut_is_not_blank (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);
  Show cut = { .body = "<Envelope><Body><GetSpecificPortMappingEntryResponse>"
                       "<NewInternalPort>0</NewInternalPort>"
                       "<NewInternalClient></NewInternalClient><NewEn" };
  g_autoptr (PlumCall) done = NULL;

  start_show (f, &cut);
  done = lease_call (f, PLUM_CALL_UNMAP, lease);
  g_assert_nonnull (plum_call_get_error (done));
  g_assert_false (plum_error_is_final (plum_call_get_error (done)));
  f->igd->edit = NULL;
  unmap_port (f, lease);
  g_assert_null (find (f, 9000));
}

static const UpnpTest tests[] = {
  { "blank/old-port", { 0 }, test_old_port_is_blank },
  { "blank/cut", { 0 }, test_cut_is_not_blank },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
