/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "direct-backend.h"
#include "test-loop.h"

typedef struct
{
  const char *name;
  const char *local;
  gboolean overridden;
  gboolean serves;
} Row;

static const Row rows[] = {
  { "public", "1.2.3.4", FALSE, TRUE },        { "overridden", "1.2.3.4", TRUE, FALSE },
  { "private", "192.168.1.10", FALSE, FALSE }, { "cgnat", "100.64.1.1", FALSE, FALSE },
  { "loopback", "127.0.0.1", FALSE, FALSE },   { "ipv6", "2606:4700::1", FALSE, FALSE },
};

static PlumBackend *
make_backend (const Row *row)
{
  g_autoptr (GInetAddress) local = g_inet_address_new_from_string (row->local);
  g_autoptr (PlumNetwork) network = plum_network_new ("lo", 1, NULL, local, row->overridden);

  return test_backend_new (PLUM_TYPE_DIRECT_BACKEND, network);
}

static void
test_discover (gconstpointer data)
{
  const Row *row = data;
  TestLoop loop;

  test_loop_set_up (&loop, TRUE);
  {
    g_autoptr (PlumBackend) backend = make_backend (row);
    g_autoptr (PlumCall) call = test_call (&loop, backend, PLUM_CALL_DISCOVER, NULL, 1000);

    if (row->serves)
      g_assert_no_error (plum_call_get_error (call));
    else
      g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  }
  test_loop_tear_down (&loop);
}

static void
test_map (void)
{
  TestLoop loop;

  test_loop_set_up (&loop, TRUE);
  {
    g_autoptr (PlumBackend) backend = make_backend (&rows[0]);
    g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 9090, 7200, 1);
    PlumCallArgs args = { .request = request };
    g_autoptr (PlumCall) call = test_call (&loop, backend, PLUM_CALL_MAP, &args, 1000);
    PlumLease *lease = plum_call_get_lease (call);
    g_autofree char *host = NULL;

    g_assert_nonnull (lease);
    host = g_inet_address_to_string (plum_lease_get_external_address (lease));
    g_assert_cmpstr (host, ==, "1.2.3.4");
    /* The external port is the internal one, whatever was requested. */
    g_assert_cmpuint (plum_lease_get_external_port (lease), ==, 8080);
    g_assert_cmpuint (plum_lease_get_lifetime (lease), ==, PLUM_LIFETIME_FOREVER);
  }
  test_loop_tear_down (&loop);
}

static void
test_others (void)
{
  TestLoop loop;

  test_loop_set_up (&loop, TRUE);
  {
    g_autoptr (PlumBackend) backend = make_backend (&rows[0]);
    g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, 7200, 1);
    g_autoptr (PlumLease) lease = plum_lease_new (NULL, 8080, PLUM_LIFETIME_FOREVER, NULL);
    PlumCallArgs args = { .request = request, .lease = lease };
    g_autoptr (PlumCall) check = test_call (&loop, backend, PLUM_CALL_CHECK, &args, 1000);
    g_autoptr (PlumCall) unmap = test_call (&loop, backend, PLUM_CALL_UNMAP, &args, 1000);
    PlumCallArgs no_lease = { .request = request };
    g_autoptr (PlumCall) unknown = test_call (&loop, backend, PLUM_CALL_UNMAP, &no_lease, 1000);
    g_autoptr (PlumCall) address =
      test_call (&loop, backend, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL, 1000);

    g_assert_no_error (plum_call_get_error (check));
    g_assert_no_error (plum_call_get_error (unmap));
    g_assert_error (plum_call_get_error (unknown), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
    g_assert_nonnull (plum_call_get_address (address));
  }
  test_loop_tear_down (&loop);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (size_t i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/direct/discover/", rows[i].name, NULL);

      g_test_add_data_func (path, &rows[i], test_discover);
    }
  g_test_add_func ("/direct/map", test_map);
  g_test_add_func ("/direct/others", test_others);

  return g_test_run ();
}
