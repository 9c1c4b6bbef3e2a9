/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-local-addresses-private.h"

typedef struct
{
  GInetAddress *address;
  guint n_users;
} Item;

struct _PlumLocalAddresses
{
  GPtrArray *items; /* (element-type Item), few */
};

static void
item_free (Item *item)
{
  g_object_unref (item->address);
  g_free (item);
}

PlumLocalAddresses *
plum_local_addresses_new (void)
{
  PlumLocalAddresses *self = g_new0 (PlumLocalAddresses, 1);

  self->items = g_ptr_array_new_with_free_func ((GDestroyNotify) item_free);
  return self;
}

void
plum_local_addresses_free (PlumLocalAddresses *self)
{
  g_ptr_array_unref (self->items);
  g_free (self);
}

static gboolean
is_of_address (gconstpointer item, gconstpointer address)
{
  return g_inet_address_equal (((const Item *) item)->address, (GInetAddress *) address);
}

static Item *
plum_local_addresses_find (PlumLocalAddresses *self, GInetAddress *address, guint *index)
{
  if (!g_ptr_array_find_with_equal_func (self->items, address, is_of_address, index))
    return NULL;
  return self->items->pdata[*index];
}

void
plum_local_addresses_add (PlumLocalAddresses *self, GInetAddress *address)
{
  guint index;
  Item *item = plum_local_addresses_find (self, address, &index);

  if (item == NULL)
    {
      item = g_new0 (Item, 1);
      item->address = g_object_ref (address);
      g_ptr_array_add (self->items, item);
    }

  item->n_users++;
}

void
plum_local_addresses_remove (PlumLocalAddresses *self, GInetAddress *address)
{
  guint index;
  Item *item = plum_local_addresses_find (self, address, &index);

  g_assert (item != NULL);
  if (--item->n_users == 0)
    g_ptr_array_remove_index (self->items, index);
}

guint
plum_local_addresses_get_n (PlumLocalAddresses *self)
{
  return self->items->len;
}

GInetAddress *
plum_local_addresses_get (PlumLocalAddresses *self, guint index)
{
  return ((Item *) self->items->pdata[index])->address;
}
