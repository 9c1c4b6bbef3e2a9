/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "blank-fixture.h"

#include <string.h>

/* The address of STRANGER in the test program. */
static char *
dup_stranger (void)
{
  return g_strconcat (upnp_test_net, ".99", NULL);
}

FakeIgdEntry *
find_9000 (Fixture *f)
{
  return fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 9000);
}

static gboolean
is_look (const char *request)
{
  return strstr (request, "#GetSpecificPortMappingEntry\"") != NULL &&
         strstr (request, "<NewExternalPort>9000<") != NULL;
}

void
edit_as_shown (const char *request, guint *status, GString *body, gpointer data)
{
  Show *self = data;

  if (strstr (request, "#DeletePortMapping\"") != NULL)
    {
      self->after_delete = FALSE;
      if (self->lose_delete)
        *status = 0;
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

void
start_show (Fixture *f, Show *self)
{
  f->igd->edit = edit_as_shown;
  f->igd->edit_data = self;
}

void
take_over (Fixture *f, guint lease)
{
  g_autofree char *stranger = dup_stranger ();

  fake_igd_wipe (f->igd);
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 9000, 8080, stranger, lease);
  find_9000 (f)->description = g_strdup ("test");
  f->igd->counts.delete = 0;
}

void
assert_spared (Fixture *f)
{
  g_autofree char *stranger = dup_stranger ();

  g_assert_nonnull (find_9000 (f));
  g_assert_cmpstr (find_9000 (f)->client, ==, stranger);
  g_assert_cmpuint (f->igd->counts.delete, ==, 0);
}

PlumCall *
delete_9000 (Fixture *f, const char *client, const char *description)
{
  g_autoptr (GInetAddress) address =
    client != NULL ? g_inet_address_new_from_string (client) : NULL;
  g_autoptr (PlumEntry) entry =
    g_object_new (PLUM_TYPE_ENTRY, "external-port", 9000, "internal-port", 8080, "internal-address",
                  address, "internal-address-text", address == NULL ? client : NULL, "description",
                  description, NULL);
  const PlumCallArgs args = { .entry = entry };

  return call (f, PLUM_CALL_DELETE_ENTRY, &args);
}
