/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "adversary-fixture.h"

#include "fake-gateway.h"
#include "fake-igd.h"
#include "natpmp-backend.h"
#include "pcp-backend.h"
#include "upnp-backend.h"

/* A handler of any packet or notification may remove the backend, the mapping or the gateway, or
 * wait in the main loop until another mapping is up. */

#define GATEWAY ADVERSARY_NET ".4"
#define ELSEWHERE ADVERSARY_NET ".5"
#define PORT 8080

/* UPnP polls once a minute, so that the number of signals grows with the time. In seconds. */
#define LEASE 600
#define UNTIL_CHANGE 200
#define UNTIL_CLOSE 300 /* with the recheck, and a renewal */

typedef struct _Fixture Fixture;

typedef struct
{
  const char *path;
  const char *backend;
  const char *signal; /* "traffic" or "notify" */
  GType (*get_type) (void);
  void (*action) (Fixture *f);
} Test;

struct _Fixture
{
  Adversary a;
  guint n;  /* signals so far */
  guint at; /* the signal at which to act */
  const Test *test;
};

static void
on_signal (Fixture *f)
{
  if (++f->n == f->at)
    f->test->action (f);
}

static void
on_gateways_changed (GListModel *gateways, guint position, guint removed, guint added, Fixture *f)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);

      g_signal_connect_swapped (gateway, f->test->signal, G_CALLBACK (on_signal), f);
    }
}

/* Removes the gateway and its pending requests. */
static void
move_away (Fixture *f)
{
  g_autoptr (GInetAddress) elsewhere = g_inet_address_new_from_string (ELSEWHERE);

  f->a.may_leave = TRUE;
  plum_manager_set_gateway_address (f->a.manager, elsewhere);
}

static void
destroy_mapping (Fixture *f)
{
  plum_manager_destroy_mapping_async (f->a.manager, plum_mapping_get_id (f->a.mapping), NULL, NULL,
                                      NULL);
}

static void
forbid_backend (Fixture *f)
{
  static const char *const others[] = { "another", NULL };

  f->a.may_leave = TRUE;
  plum_manager_set_enabled_backends (f->a.manager, others);
}

static void
await_another (Fixture *f)
{
  g_autoptr (PlumMapping) another = plum_mapping_new (PLUM_PROTOCOL_TCP, PORT + 1);
  g_autoptr (GError) error = NULL;

  plum_manager_add_mapping (f->a.manager, another, &error);
  g_assert_no_error (error);
  test_loop_advance_until (&f->a.loop, plum_mapping_get_state (another) == PLUM_STATE_SUCCESS,
                           30000);
}

/* Maps, renews and rechecks while the external address changes, acts at one signal, and closes the
 * manager. FALSE: there were fewer signals. */
static gboolean
run_once (const Test *test, guint at)
{
  Fixture f = { .at = at, .test = test };
  FakeGateway *gateway = NULL;
  FakeIgd *igd = NULL;
  gulong handler = 0;

  adversary_set_up (&f.a, GATEWAY);
  plum_manager_set_lease_duration (f.a.manager, LEASE);
  if (g_str_equal (test->backend, "upnp"))
    igd = fake_igd_new (GATEWAY);
  else
    gateway = fake_gateway_new (GATEWAY);
  g_signal_connect (plum_manager_get_gateways (f.a.manager), "items-changed",
                    G_CALLBACK (on_gateways_changed), &f);
  plum_manager_add_backend_type (f.a.manager, test->get_type (), test->backend, 100, NULL);

  adversary_add_mapping (&f.a, PORT);
  if (g_str_equal (test->signal, "notify"))
    handler = g_signal_connect_swapped (f.a.mapping, "notify", G_CALLBACK (on_signal), &f);
  test_loop_advance (&f.a.loop, UNTIL_CHANGE * 1000);
  if (igd != NULL)
    igd->switches.external_address = "1.2.3.5";
  else
    fake_gateway_set_external_address (gateway, "1.2.3.5");
  test_loop_advance (&f.a.loop, UNTIL_CLOSE * 1000);

  f.at = 0;
  g_clear_signal_handler (&handler, f.a.mapping);
  adversary_tear_down (&f.a);
  g_clear_pointer (&gateway, fake_gateway_free);
  g_clear_pointer (&igd, fake_igd_free);
  return f.n >= at;
}

/* The test acts at each emission of the signal in turn. */
static void
test_action (gconstpointer data)
{
  const Test *test = data;
  guint at = 1;

  while (run_once (test, at))
    at++;

  g_test_message ("%u signals", at - 1);
  g_assert_cmpuint (at, >, 3);
}

static const Test tests[] = {
  { "/observed/pcp/traffic/move-away", "pcp", "traffic", plum_pcp_backend_get_type, move_away },
  { "/observed/pcp/traffic/destroy-mapping", "pcp", "traffic", plum_pcp_backend_get_type,
    destroy_mapping },
  { "/observed/pcp/traffic/forbid-backend", "pcp", "traffic", plum_pcp_backend_get_type,
    forbid_backend },
  { "/observed/pcp/traffic/await-another", "pcp", "traffic", plum_pcp_backend_get_type,
    await_another },
  { "/observed/pcp/notify/move-away", "pcp", "notify", plum_pcp_backend_get_type, move_away },
  { "/observed/pcp/notify/destroy-mapping", "pcp", "notify", plum_pcp_backend_get_type,
    destroy_mapping },
  { "/observed/pcp/notify/forbid-backend", "pcp", "notify", plum_pcp_backend_get_type,
    forbid_backend },
  { "/observed/pcp/notify/await-another", "pcp", "notify", plum_pcp_backend_get_type,
    await_another },
  { "/observed/natpmp/traffic/move-away", "natpmp", "traffic", plum_natpmp_backend_get_type,
    move_away },
  { "/observed/natpmp/traffic/destroy-mapping", "natpmp", "traffic", plum_natpmp_backend_get_type,
    destroy_mapping },
  { "/observed/natpmp/traffic/forbid-backend", "natpmp", "traffic", plum_natpmp_backend_get_type,
    forbid_backend },
  { "/observed/natpmp/traffic/await-another", "natpmp", "traffic", plum_natpmp_backend_get_type,
    await_another },
  { "/observed/natpmp/notify/move-away", "natpmp", "notify", plum_natpmp_backend_get_type,
    move_away },
  { "/observed/natpmp/notify/destroy-mapping", "natpmp", "notify", plum_natpmp_backend_get_type,
    destroy_mapping },
  { "/observed/natpmp/notify/forbid-backend", "natpmp", "notify", plum_natpmp_backend_get_type,
    forbid_backend },
  { "/observed/natpmp/notify/await-another", "natpmp", "notify", plum_natpmp_backend_get_type,
    await_another },
  { "/observed/upnp/traffic/move-away", "upnp", "traffic", plum_upnp_backend_get_type, move_away },
  { "/observed/upnp/traffic/destroy-mapping", "upnp", "traffic", plum_upnp_backend_get_type,
    destroy_mapping },
  { "/observed/upnp/traffic/forbid-backend", "upnp", "traffic", plum_upnp_backend_get_type,
    forbid_backend },
  { "/observed/upnp/traffic/await-another", "upnp", "traffic", plum_upnp_backend_get_type,
    await_another },
  { "/observed/upnp/notify/move-away", "upnp", "notify", plum_upnp_backend_get_type, move_away },
  { "/observed/upnp/notify/destroy-mapping", "upnp", "notify", plum_upnp_backend_get_type,
    destroy_mapping },
  { "/observed/upnp/notify/forbid-backend", "upnp", "notify", plum_upnp_backend_get_type,
    forbid_backend },
  { "/observed/upnp/notify/await-another", "upnp", "notify", plum_upnp_backend_get_type,
    await_another },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_data_func (tests[i].path, &tests[i], test_action);

  return g_test_run ();
}
