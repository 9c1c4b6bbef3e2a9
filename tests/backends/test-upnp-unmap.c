/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.39"

#include "plum-error-private.h"
#include "upnp-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

/* What a delete does if the router does not show the entry at the moment, or answers that it has
 * deleted an entry which it keeps. */

#define EARLIER UPNP_TEST_NET ".77"
#define REMOTE "203.0.113.7"

static FakeIgdEntry *
find (Fixture *f, guint port)
{
  return fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, port);
}

/* Another host replaces the entry. */
static void
take_over (Fixture *f, guint port)
{
  fake_igd_wipe (f->igd);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, port, 8080, STRANGER, 0);
}

static void
assert_spared (Fixture *f, guint port)
{
  g_assert_nonnull (find (f, port));
  g_assert_cmpstr (find (f, port)->client, ==, STRANGER);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

/* -- The look before a delete has no usable answer -- */

typedef struct
{
  const char *name;
  guint status; /* 0: closes the connection */
  const char *body;
} Answer;

#define FAULT(code)                                                                                \
  "<Envelope><Body><Fault><detail><UPnPError><errorCode>" code "</errorCode></UPnPError>"          \
  "</detail></Fault></Body></Envelope>"

static const Answer unusable[] = {
  { "bare-503", 503, "" },
  { "html", 200, "<html><body>Log in</body></html>" },
  { "empty", 200, "" },
  { "cut", 200, "<Envelope><Bo" },
  { "no-entry-in-answer", 200,
    "<Envelope><Body><GetSpecificPortMappingEntryResponse/></Body></Envelope>" },
  { "login", 401, "<html></html>" },
  { "hang-up", 0, "" },
  { "fault-501", 500, FAULT ("501") },
  { "fault-402", 500, FAULT ("402") },
};

typedef struct
{
  const Answer *answer;
  guint n; /* how many looks are answered so */
} Disturbance;

static void
disturb (const char *request, guint *status, GString *body, gpointer data)
{
  Disturbance *disturbance = data;

  if (strstr (request, "#GetSpecificPortMappingEntry\"") == NULL || disturbance->n == 0)
    return;

  disturbance->n--;
  *status = disturbance->answer->status;
  g_string_assign (body, disturbance->answer->body);
}

static void
start_disturbance (Fixture *f, Disturbance *disturbance, const Answer *answer, guint n)
{
  *disturbance = (Disturbance){ .answer = answer, .n = n };
  f->igd->edit = disturb;
  f->igd->edit_data = disturbance;
}

/* The table is listed if the router has answered in this way. */
static gboolean
is_fault (const Answer *answer)
{
  return g_str_has_prefix (answer->name, "fault-");
}

/* Not a final error, so that the record of the mapping stays. */
static void
assert_not_confirmed (PlumCall *done)
{
  g_assert_nonnull (plum_call_get_error (done));
  g_assert_false (plum_error_is_final (plum_call_get_error (done)));
}

static void
test_unusable_look (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (unusable); i++)
    {
      g_autoptr (PlumLease) lease = NULL;
      g_autoptr (PlumCall) done = NULL;
      Disturbance disturbance;
      guint looks;

      g_test_message ("%s", unusable[i].name);
      f->igd->edit = NULL;
      fake_igd_wipe (f->igd);
      lease = map_port (f, 9000);
      take_over (f, 9000);
      looks = f->igd->counts.get_specific;
      start_disturbance (f, &disturbance, &unusable[i], G_MAXUINT);
      done = lease_call (f, PLUM_CALL_UNMAP, lease);
      assert_spared (f, 9000);
      g_assert_cmpuint (f->igd->counts.get_specific - looks, ==, 2);
      if (is_fault (&unusable[i]))
        {
          g_assert_no_error (plum_call_get_error (done));
          continue;
        }
      assert_not_confirmed (done);
      g_assert_cmpstr (plum_call_get_error (done)->message, ==,
                       unusable[i].status == 401
                         ? "UPnP: " GATEWAY " requires a login for GetSpecificPortMappingEntry "
                           "(HTTP 401)"
                         : "UPnP: " GATEWAY " does not show at present which host port 9000 leads "
                           "to: its entry was not deleted");

      /* The record stays: the next delete, whose look is answered, ends it. */
      f->igd->edit = NULL;
      unmap_port (f, lease);
      assert_spared (f, 9000);
    }
}

/* One answer is lost. */
static void
test_look_again (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (unusable); i++)
    {
      g_autoptr (PlumLease) lease = NULL;
      Disturbance disturbance;

      g_test_message ("%s", unusable[i].name);
      f->igd->edit = NULL;
      fake_igd_wipe (f->igd);
      lease = map_port (f, 9000);
      start_disturbance (f, &disturbance, &unusable[i], 1);
      unmap_port (f, lease);
      g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
      g_assert_cmpuint (f->igd->counts.delete, ==, i + 1);
    }
}

/* Another process after a crash does not know whether the router shows its entries. */
static void
test_look_again_after_crash (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);

  for (gsize i = 0; i < G_N_ELEMENTS (unusable); i++)
    {
      Disturbance disturbance;

      if (is_fault (&unusable[i]))
        continue;
      g_test_message ("%s", unusable[i].name);
      take_over (f, 9000);
      renew_backend (f);
      start_disturbance (f, &disturbance, &unusable[i], 1);
      unmap_port (f, lease);
      assert_spared (f, 9000);
    }
}

/* The router did not answer the request for the mapping: the same for its clean-up. */
static void
lose_add_and_look (const char *request, guint *status, GString *body, gpointer data)
{
  if (strstr (request, "#AddPortMapping\"") == NULL &&
      strstr (request, "#GetSpecificPortMappingEntry\"") == NULL)
    return;

  *status = 503;
  g_string_assign (body, "");
}

static void
lose_from_add_on (const char *request, guint *status, GString *body, gpointer data)
{
  gboolean *lost = data;

  *lost |= strstr (request, "#AddPortMapping\"") != NULL;
  if (*lost)
    lose_add_and_look (request, status, body, NULL);
}

static void
test_unusable_look_without_lease (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) mapped = NULL;
  gboolean lost = FALSE;

  discover (f);
  f->igd->edit = lose_from_add_on;
  f->igd->edit_data = &lost;
  mapped = map_call (f, 8080, 9000, LIFETIME);
  assert_not_confirmed (mapped);
  g_assert_cmpuint (f->igd->counts.add, ==, 1);
  g_assert_nonnull (find (f, 9000));

  /* The look fails, and fails again in the next clean-up; then the entry is deleted. */
  f->igd->switches.delete_fault = 0;
  for (guint i = 0; i < 2; i++)
    {
      guint n = f->igd->counts.delete;
      g_autoptr (PlumCall) done = lease_call (f, PLUM_CALL_UNMAP, NULL);

      assert_not_confirmed (done);
      g_assert_cmpuint (f->igd->counts.delete, ==, n);
    }
  f->igd->edit = NULL;
  unmap_port (f, NULL);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

static PlumCall *
unmap_moved (Fixture *f)
{
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 9000, LIFETIME, 1);
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 9000, LIFETIME, NULL);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (EARLIER);
  const PlumCallArgs args = { .request = request, .lease = lease, .local_address = address };

  return call (f, PLUM_CALL_UNMAP_MOVED, &args);
}

static void
test_unusable_look_moved (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9001); /* the router shows its entries */

  unmap_port (f, lease);
  f->igd->counts.delete = 0;
  for (gsize i = 0; i < G_N_ELEMENTS (unusable); i++)
    {
      Disturbance disturbance;

      g_test_message ("%s", unusable[i].name);
      take_over (f, 9000);
      start_disturbance (f, &disturbance, &unusable[i], G_MAXUINT);
      {
        g_autoptr (PlumCall) done = unmap_moved (f);

        if (is_fault (&unusable[i]))
          g_assert_no_error (plum_call_get_error (done));
        else
          assert_not_confirmed (done);
        assert_spared (f, 9000);
      }

      start_disturbance (f, &disturbance, &unusable[i], 1);
      {
        g_autoptr (PlumCall) done = unmap_moved (f);

        g_assert_no_error (plum_call_get_error (done));
        assert_spared (f, 9000);
      }
    }
}

static PlumCall *
delete_entry (Fixture *f, const char *client)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (client);
  g_autoptr (PlumEntry) entry =
    plum_entry_new (PLUM_PROTOCOL_TCP, 9000, 8080, address, NULL, 600, TRUE);
  const PlumCallArgs args = { NULL, NULL, entry };

  return call (f, PLUM_CALL_DELETE_ENTRY, &args);
}

/* The user names an entry of this host, which another host has replaced since it was listed. */
static void
test_unusable_look_at_entry (Fixture *f, gconstpointer data)
{
  map_only (f, 9000);
  for (gsize i = 0; i < G_N_ELEMENTS (unusable); i++)
    {
      Disturbance disturbance;

      g_test_message ("%s", unusable[i].name);
      take_over (f, 9000);
      start_disturbance (f, &disturbance, &unusable[i], G_MAXUINT);
      {
        g_autoptr (PlumCall) done = delete_entry (f, LOCAL);

        assert_not_confirmed (done);
        assert_spared (f, 9000);
      }

      start_disturbance (f, &disturbance, &unusable[i], 1);
      {
        g_autoptr (PlumCall) done = delete_entry (f, LOCAL);

        g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_CONFLICT);
        assert_spared (f, 9000);
      }
    }
}

/* A renewal that is refused: the port may have another entry by now. */
static void
test_unusable_look_before_replacing (Fixture *f, gconstpointer data)
{
  map_only (f, 9000);
  for (gsize i = 0; i < G_N_ELEMENTS (unusable); i++)
    {
      g_autoptr (PlumCall) done = NULL;
      Disturbance disturbance;

      g_test_message ("%s", unusable[i].name);
      take_over (f, 9000);
      start_disturbance (f, &disturbance, &unusable[i], G_MAXUINT);
      done = map_call (f, 8080, 9000, LIFETIME);
      assert_spared (f, 9000);
    }
}

/* A router that has answered with “no such entry”: a fault that gives no reason is no answer. */
static void
test_fault_before_add (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) failed = NULL;
  g_autoptr (PlumCall) done = NULL;
  const Answer fault = { "501", 500, FAULT ("501") };
  Disturbance disturbance;

  map_only (f, 9000);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9001, 80, STRANGER, 0);
  start_disturbance (f, &disturbance, &fault, G_MAXUINT);
  failed = map_call (f, 8081, 9001, LIFETIME);
  g_assert_nonnull (plum_call_get_error (failed));
  g_assert_nonnull (strstr (plum_call_get_error (failed)->message, "501"));
  g_assert_cmpstr (find (f, 9001)->client, ==, STRANGER);

  start_disturbance (f, &disturbance, &fault, 1);
  done = map_call (f, 8081, 9001, LIFETIME);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpstr (find (f, 9001)->client, ==, STRANGER);
}

static void
answer_501_for_714 (const char *request, guint *status, GString *body, gpointer data)
{
  if (strstr (request, "#GetSpecificPortMappingEntry\"") != NULL && strstr (body->str, "714"))
    g_string_assign (body, FAULT ("501"));
}

/* A router that answers 501 for a port without an entry can be used nevertheless. */
static void
test_fault_means_no_entry (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) second = NULL;

  f->igd->edit = answer_501_for_714;
  map_only (f, 9000);
  second = map_call (f, 8081, 9001, LIFETIME);
  g_assert_no_error (plum_call_get_error (second));
  g_assert_nonnull (find (f, 9001));
}

/* -- A router that answers 501 for a port without an entry, and so does not tell whether there is
 * one: its list does -- */

/* The table in which the entry of port 9000 is searched for, and what the list shows. */
typedef struct
{
  guint n_others;   /* entries of other ports */
  gboolean listed;  /* the entry is in the list */
  int end;          /* the fault that ends the list */
  guint n_answers;  /* how many requests for the list are answered; 0: all */
  guint unreadable; /* the index of an entry without a port, and 1; 0: none */
} List;

typedef struct
{
  const List *list;
  gboolean started;
  guint n_requests;
} Lister;

static void
set_fault (guint *status, GString *body, int code)
{
  *status = 500;
  g_string_printf (body, FAULT ("%d"), code);
}

static void
answer_as_listed (const char *request, guint *status, GString *body, gpointer data)
{
  Lister *self = data;

  if (!self->started)
    answer_501_for_714 (request, status, body, NULL);
  else if (strstr (request, "#GetSpecificPortMappingEntry\"") != NULL)
    set_fault (status, body, 501);
  else if (strstr (request, "#GetGenericPortMappingEntry\"") != NULL)
    {
      self->n_requests++;
      if (self->list->n_answers != 0 && self->n_requests > self->list->n_answers)
        set_fault (status, body, 501);
      else if (strstr (body->str, "713") != NULL)
        set_fault (status, body, self->list->end);
      else if (self->n_requests == self->list->unreadable)
        g_string_replace (body, "<NewExternalPort>9100<", "<NewExternalPort><", 0);
    }
}

/* The call of unmap () for the mapping of port 9000, with this list. */
static PlumCall *
unmap_by_list (Fixture *f, const List *list, Lister *lister)
{
  g_autoptr (PlumLease) lease = NULL;

  *lister = (Lister){ .list = list };
  f->igd->edit = answer_as_listed;
  f->igd->edit_data = lister;
  lease = map_port (f, 9000);
  if (!list->listed)
    fake_igd_wipe (f->igd);
  for (guint i = 0; i < list->n_others; i++)
    fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9100 + i, 8080, STRANGER, 0);
  lister->started = TRUE;
  return lease_call (f, PLUM_CALL_UNMAP, lease);
}

static void
test_not_listed (Fixture *f, gconstpointer data)
{
  static const List lists[] = {
    { .n_others = 0, .end = 713 }, { .n_others = 3, .end = 713 }, { .n_others = 2, .end = 714 },
    { .n_others = 3, .end = 501 }, { .n_others = 1, .end = 402 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autoptr (PlumCall) done = NULL;
      Lister lister;

      done = unmap_by_list (f, &lists[i], &lister);
      g_assert_no_error (plum_call_get_error (done));
      g_assert_cmpuint (f->igd->counts.delete, ==, 0);
      g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, lists[i].n_others);
      g_assert_cmpuint (lister.n_requests, ==, lists[i].n_others + (lists[i].end >= 713 ? 1 : 3));
      fake_igd_wipe (f->igd);
    }
}

/* The entry is there. */
static void
test_listed (Fixture *f, gconstpointer data)
{
  const List list = { .n_others = 2, .listed = TRUE, .end = 713 };
  Lister lister;
  g_autoptr (PlumCall) done = unmap_by_list (f, &list, &lister);

  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpuint (f->igd->counts.delete, ==, 1);
  g_assert_null (find (f, 9000));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 2);
}

/* The list does not tell either: the entry may be there, and the record of the mapping stays. */
static void
test_list_is_no_proof (Fixture *f, gconstpointer data)
{
  static const List lists[] = {
    { .n_others = 0, .end = 501 },                 /* a router that answers 501 to everything */
    { .n_others = 3, .end = 713, .n_answers = 2 }, /* from the third request on */
    { .n_others = 3, .end = 713, .unreadable = 1 },
    { .n_others = 200, .end = 713 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autoptr (PlumCall) done = NULL;
      Lister lister;

      g_test_message ("%" G_GSIZE_FORMAT, i);
      done = unmap_by_list (f, &lists[i], &lister);
      assert_not_confirmed (done);
      g_assert_cmpuint (f->igd->counts.delete, ==, 0);
      fake_igd_wipe (f->igd);
    }
}

/* -- The delete is answered without a reason, and not carried out -- */

typedef struct
{
  gboolean hides;   /* the look after the delete is answered in the same way */
  gboolean deleted; /* a delete was received */
} BareDelete;

static void
answer_bare_503 (const char *request, guint *status, GString *body, gpointer data)
{
  BareDelete *self = data;
  gboolean is_delete = strstr (request, "#DeletePortMapping\"") != NULL;

  self->deleted |= is_delete;
  if (!is_delete && !(self->hides && self->deleted))
    return;

  *status = 503;
  g_string_assign (body, "");
}

/* The cause may be momentary: the record of the mapping stays. */
static void
test_bare_delete (Fixture *f, gconstpointer data)
{
  for (guint hides = 0; hides < 2; hides++)
    {
      g_autoptr (PlumLease) lease = map_port (f, 9000);
      g_autoptr (PlumCall) done = NULL;
      BareDelete bare = { .hides = hides };

      f->igd->switches.delete_fault = 501; /* it keeps the entry */
      f->igd->edit = answer_bare_503;
      f->igd->edit_data = &bare;
      done = lease_call (f, PLUM_CALL_UNMAP, lease);
      g_assert_true (bare.deleted);
      g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_MALFORMED);
      g_assert_cmpstr (plum_call_get_error (done)->message, ==,
                       "UPnP: " GATEWAY " answered DeletePortMapping with HTTP 503 without SOAP");

      f->igd->switches.delete_fault = 0;
      f->igd->edit = NULL;
      unmap_port (f, lease);
      g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
    }
}

/* -- The answer to a delete is verified -- */

#define STILL_LISTED(port)                                                                         \
  "UPnP: " GATEWAY " answered that it deleted the entry for port " port ", but still lists it"

static void
assert_still_listed (PlumCall *done, const char *message)
{
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==, message);
}

static void
test_kept (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);
  g_autoptr (PlumCall) done = lease_call (f, PLUM_CALL_UNMAP, lease);
  g_autoptr (PlumCall) again = NULL;

  assert_still_listed (done, STILL_LISTED ("9000"));
  again = lease_call (f, PLUM_CALL_UNMAP, lease);
  assert_still_listed (again, STILL_LISTED ("9000"));
  f->igd->switches.keep_deleted = FALSE;
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* Once for each device. */
static void
test_verified_once (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) first = map_port (f, 9000);
  g_autoptr (PlumLease) second = NULL;
  guint looks = f->igd->counts.get_specific;

  unmap_port (f, first);
  g_assert_cmpuint (f->igd->counts.get_specific - looks, ==, 2);
  second = map_port (f, 9000);
  looks = f->igd->counts.get_specific;
  unmap_port (f, second);
  g_assert_cmpuint (f->igd->counts.get_specific - looks, ==, 1);
}

/* A router that was caught is always verified. */
static void
test_verified_always (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);
  g_autoptr (PlumCall) done = lease_call (f, PLUM_CALL_UNMAP, lease);

  assert_still_listed (done, STILL_LISTED ("9000"));
  f->igd->switches.keep_deleted = FALSE;
  unmap_port (f, lease);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (PlumLease) next = map_port (f, 9000);
      g_autoptr (PlumCall) kept = NULL;

      f->igd->switches.keep_deleted = TRUE;
      kept = lease_call (f, PLUM_CALL_UNMAP, next);
      assert_still_listed (kept, STILL_LISTED ("9000"));
      f->igd->switches.keep_deleted = FALSE;
      unmap_port (f, next);
    }
}

/* Several deletes at once: one of them is verified. */
static void
test_verified_one_of_several (Fixture *f, gconstpointer data)
{
  PlumRequest *requests[3];
  PlumCall *calls[3] = { NULL };
  g_autoptr (GPtrArray) leases = g_ptr_array_new_with_free_func (g_object_unref);
  guint looks;

  discover (f);
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      const PlumCallArgs args = {
        .request = requests[i] =
          test_request_new (PLUM_PROTOCOL_TCP, 8080 + i, 9000 + i, LIFETIME, 1),
      };
      g_autoptr (PlumCall) mapped = call (f, PLUM_CALL_MAP, &args);

      g_assert_no_error (plum_call_get_error (mapped));
      g_ptr_array_add (leases, g_object_ref (plum_call_get_lease (mapped)));
    }

  looks = f->igd->counts.get_specific;
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      const PlumCallArgs args = { .request = requests[i], .lease = leases->pdata[i] };

      calls[i] = plum_backend_call (f->backend, PLUM_CALL_UNMAP, &args, TIMEOUT, NULL, NULL);
    }
  test_loop_advance (&f->loop, 5000);
  g_assert_cmpuint (f->igd->counts.get_specific - looks, ==, G_N_ELEMENTS (requests) + 1);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      g_assert_no_error (plum_call_get_error (calls[i]));
      g_object_unref (calls[i]);
      g_object_unref (requests[i]);
    }
}

/* The router lists the entry for a moment after it has deleted it. */
static void
forget_after_look (const char *request, guint *status, GString *body, gpointer data)
{
  Fixture *f = data;

  if (f->igd->switches.keep_deleted && f->igd->counts.delete > 0 &&
      strstr (request, "#GetSpecificPortMappingEntry\"") != NULL)
    fake_igd_wipe (f->igd);
}

static void
test_listed_for_a_moment (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);

  f->igd->switches.keep_deleted = TRUE;
  f->igd->edit = forget_after_look;
  f->igd->edit_data = f;
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* The look after the delete has no usable answer: the answer to the delete is trusted, and the next
 * delete is verified. */
static void
lose_look_after_delete (const char *request, guint *status, GString *body, gpointer data)
{
  gboolean *deleted = data;

  *deleted |= strstr (request, "#DeletePortMapping\"") != NULL;
  if (*deleted && strstr (request, "#GetSpecificPortMappingEntry\"") != NULL)
    *status = 0;
}

static void
test_cannot_verify (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 9000);
  g_autoptr (PlumLease) second = NULL;
  g_autoptr (PlumCall) done = NULL;
  gboolean deleted = FALSE;

  f->igd->edit = lose_look_after_delete;
  f->igd->edit_data = &deleted;
  unmap_port (f, lease);

  f->igd->edit = NULL;
  second = map_port (f, 9000);
  f->igd->switches.keep_deleted = TRUE;
  done = lease_call (f, PLUM_CALL_UNMAP, second);
  assert_still_listed (done, STILL_LISTED ("9000"));
}

static void
test_kept_moved (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 8080, EARLIER, 0);
  done = unmap_moved (f);
  assert_still_listed (done, STILL_LISTED ("9000"));
}

static void
test_kept_entry (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) kept = NULL;
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 8080, STRANGER, 0);
  kept = delete_entry (f, STRANGER);
  assert_still_listed (kept, STILL_LISTED ("9000"));
  f->igd->switches.keep_deleted = FALSE;
  done = delete_entry (f, STRANGER);
  g_assert_no_error (plum_call_get_error (done));
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

static PlumCall *
call_for_remote (Fixture *f, PlumCallKind kind, PlumLease *lease)
{
  g_autoptr (PlumRequest) request = test_request_new_for_hosts (NULL, REMOTE);
  const PlumCallArgs args = { .request = request, .lease = lease };

  return call (f, kind, &args);
}

/* An entry for one remote host is found by that host. */
static void
test_kept_remote (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) mapped = NULL;
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  mapped = call_for_remote (f, PLUM_CALL_MAP, NULL);
  g_assert_no_error (plum_call_get_error (mapped));
  done = call_for_remote (f, PLUM_CALL_UNMAP, plum_call_get_lease (mapped));
  assert_still_listed (done, STILL_LISTED ("8080"));
}

static const UpnpTest tests[] = {
  { "unmap/unusable-look", { .overwrite = TRUE }, test_unusable_look },
  { "unmap/unusable-look/again", { 0 }, test_look_again },
  { "unmap/unusable-look/after-crash", { .overwrite = TRUE }, test_look_again_after_crash },
  { "unmap/unusable-look/without-lease",
    { .delete_fault = 501 },
    test_unusable_look_without_lease },
  { "unmap/unusable-look/moved", { .overwrite = TRUE }, test_unusable_look_moved },
  { "unmap/unusable-look/entry", { .overwrite = TRUE }, test_unusable_look_at_entry },
  { "unmap/unusable-look/replaced",
    { .refuse_renewal = TRUE },
    test_unusable_look_before_replacing },
  { "unmap/fault/before-add", { .overwrite = TRUE }, test_fault_before_add },
  { "unmap/fault/means-no-entry", { 0 }, test_fault_means_no_entry },
  { "unmap/not-listed", { 0 }, test_not_listed },
  { "unmap/listed", { 0 }, test_listed },
  { "unmap/list-is-no-proof", { 0 }, test_list_is_no_proof },
  { "unmap/bare-delete", { 0 }, test_bare_delete },
  { "unmap/bare-delete/unread", { .specific_fault = 401 }, test_bare_delete },
  { "unmap/kept", { .keep_deleted = TRUE }, test_kept },
  { "unmap/kept/moved", { .keep_deleted = TRUE, .other_clients = TRUE }, test_kept_moved },
  { "unmap/kept/entry", { .keep_deleted = TRUE }, test_kept_entry },
  { "unmap/kept/remote",
    { .keep_deleted = TRUE, .remote_hosts = TRUE, .remote_in_key = TRUE },
    test_kept_remote },
  { "unmap/verified-once", { 0 }, test_verified_once },
  { "unmap/verified-one-of-several", { 0 }, test_verified_one_of_several },
  { "unmap/listed-for-a-moment", { 0 }, test_listed_for_a_moment },
  { "unmap/verified-always", { .keep_deleted = TRUE }, test_verified_always },
  { "unmap/cannot-verify", { 0 }, test_cannot_verify },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
