/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "set-fixture.h"

#define LIFETIME 7200

const char *set_remote;
guint8 set_n_made;

PlumRequest *
set_request_new (guint port, guint external_port, gboolean exact)
{
  PlumHosts hosts = { NULL };
  PlumRequest *request;
  guint8 bytes[32] = { (guint8) (port >> 8), (guint8) port, 7, set_n_made };
  g_autoptr (GBytes) key = g_bytes_new (bytes, sizeof bytes);

  request =
    plum_request_new (PLUM_PROTOCOL_TCP, port, external_port, exact, NULL, LIFETIME, "test", key);
  test_hosts_add_remote (&hosts, set_remote);
  plum_request_set_hosts (request, &hosts);
  plum_hosts_clear (&hosts);
  return request;
}

static PlumCall *
start (BackendFixture *f,
       PlumCallKind kind,
       guint port,
       guint external_port,
       gboolean exact,
       PlumLease *lease)
{
  g_autoptr (PlumRequest) request = set_request_new (port, external_port, exact);
  const PlumCallArgs args = { .request = request, .lease = lease };

  return plum_backend_call (f->backend, kind, &args, BACKEND_PATIENCE_MS, NULL, NULL);
}

GPtrArray *
set_start (BackendFixture *f, guint first, guint n, guint external_port, gboolean exact)
{
  GPtrArray *calls = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (calls, start (f, PLUM_CALL_MAP, first + i, external_port + i, exact, NULL));
  return calls;
}

static gboolean
are_settled (GPtrArray *calls)
{
  for (guint i = 0; i < calls->len; i++)
    if (!plum_call_is_settled (calls->pdata[i]))
      return FALSE;

  return TRUE;
}

void
set_wait (BackendFixture *f, GPtrArray *calls)
{
  test_loop_advance_until (&f->loop, are_settled (calls), BACKEND_PATIENCE_MS + 1000);
  test_loop_settle (&f->loop);
}

GPtrArray *
set_map (BackendFixture *f, guint first, guint n, guint external_port)
{
  GPtrArray *calls = set_start (f, first, n, external_port, FALSE);

  set_wait (f, calls);
  return calls;
}

GPtrArray *
set_map_exact (BackendFixture *f, guint first, guint n, guint external_port)
{
  GPtrArray *calls = set_start (f, first, n, external_port, TRUE);

  set_wait (f, calls);
  return calls;
}

GPtrArray *
set_start_unmap (BackendFixture *f, guint first, guint n, GPtrArray *granted)
{
  GPtrArray *calls = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n; i++)
    {
      PlumLease *lease = granted != NULL ? plum_call_get_lease (granted->pdata[i]) : NULL;

      g_ptr_array_add (calls, start (f, PLUM_CALL_UNMAP, first + i, first + i, FALSE, lease));
    }
  return calls;
}

GPtrArray *
set_unmap (BackendFixture *f, guint first, guint n, GPtrArray *granted)
{
  GPtrArray *calls = set_start_unmap (f, first, n, granted);

  set_wait (f, calls);
  return calls;
}

void
set_assert_leases (GPtrArray *calls, guint external_port)
{
  for (guint i = 0; i < calls->len; i++)
    backend_assert_lease (calls->pdata[i], external_port + i, "1.2.3.4", LIFETIME);
}

void
set_assert_done (GPtrArray *calls)
{
  for (guint i = 0; i < calls->len; i++)
    g_assert_no_error (plum_call_get_error (calls->pdata[i]));
}
