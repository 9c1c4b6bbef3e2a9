/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-interfaces.h"

void
plum_interface_address_free (PlumInterfaceAddress *self)
{
  g_clear_object (&self->address);
  g_clear_object (&self->netmask);
  g_free (self->interface_name);
  g_free (self);
}
