/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "adversary-fixture.h"

#include "fake-gateway.h"
#include "fake-igd.h"
#include "natpmp-backend.h"
#include "pcp-backend.h"
#include "upnp-backend.h"

/* Traffic is told in the midst of sending and receiving. Who hears of it may pull the ground from
 * under the backend, at whichever packet. */

#define GATEWAY ADVERSARY_NET ".4"
#define ELSEWHERE ADVERSARY_NET ".5"
#define PORT 8080

typedef struct _Fixture Fixture;

typedef struct {
  const char *path;
  const char *backend;
  GType     (*get_type) (void);
  void      (*deed) (Fixture *f);
} Test;

struct _Fixture
{
  Adversary  a;
  guint      n;          /* packets until now */
  guint      at;         /* the one at which it is done */
  void     (*deed) (Fixture *f);
};

static void
on_traffic (PlumGateway          *gateway,
            const char           *backend,
            PlumTrafficDirection  direction,
            GSocketAddress       *peer,
            GBytes               *bytes,
            Fixture              *f)
{
  if (++f->n == f->at)
    f->deed (f);
}

/* The gateway and all that was asked of it go at once. */
static void
move_away (Fixture *f)
{
  g_autoptr (GInetAddress) elsewhere = g_inet_address_new_from_string (ELSEWHERE);

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

  plum_manager_set_enabled_backends (f->a.manager, others);
}

/* Maps, renews once and rechecks, with one deed on the way; all that is left is let go of.
 * FALSE: there were not so many packets. */
static gboolean
run_once (const Test *test,
          guint       at)
{
  Fixture f = { .at = at, .deed = test->deed };
  FakeGateway *gateway = NULL;
  FakeIgd *igd = NULL;

  adversary_set_up (&f.a, GATEWAY);
  if (g_str_equal (test->backend, "upnp"))
    igd = fake_igd_new (GATEWAY);
  else
    gateway = fake_gateway_new (GATEWAY);
  adversary_watch_traffic (&f.a, G_CALLBACK (on_traffic), &f);
  plum_manager_add_backend_type (f.a.manager, test->get_type (), test->backend, 100);

  adversary_add_mapping (&f.a, PORT);
  test_loop_advance (&f.a.loop, 5000 * 1000);

  f.at = 0;
  adversary_tear_down (&f.a);
  g_clear_pointer (&gateway, fake_gateway_free);
  g_clear_pointer (&igd, fake_igd_free);
  return f.n >= at;
}

static void
test_deed (gconstpointer data)
{
  const Test *test = data;
  guint at = 1;

  while (run_once (test, at))
    at++;

  g_test_message ("%u packets", at - 1);
  g_assert_cmpuint (at, >, 3);
}

static const Test tests[] = {
  { "/observed/pcp/move-away", "pcp", plum_pcp_backend_get_type, move_away },
  { "/observed/pcp/destroy-mapping", "pcp", plum_pcp_backend_get_type, destroy_mapping },
  { "/observed/pcp/forbid-backend", "pcp", plum_pcp_backend_get_type, forbid_backend },
  { "/observed/natpmp/move-away", "natpmp", plum_natpmp_backend_get_type, move_away },
  { "/observed/natpmp/destroy-mapping", "natpmp", plum_natpmp_backend_get_type, destroy_mapping },
  { "/observed/natpmp/forbid-backend", "natpmp", plum_natpmp_backend_get_type, forbid_backend },
  { "/observed/upnp/move-away", "upnp", plum_upnp_backend_get_type, move_away },
  { "/observed/upnp/destroy-mapping", "upnp", plum_upnp_backend_get_type, destroy_mapping },
  { "/observed/upnp/forbid-backend", "upnp", plum_upnp_backend_get_type, forbid_backend },
};

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_data_func (tests[i].path, &tests[i], test_deed);

  return g_test_run ();
}
