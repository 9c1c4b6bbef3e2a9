/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <adwaita.h>
#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

#define PORTS_TYPE_GATEWAY_GROUP (ports_gateway_group_get_type ())

G_DECLARE_FINAL_TYPE (
  PortsGatewayGroup, ports_gateway_group, PORTS, GATEWAY_GROUP, AdwPreferencesGroup)

GtkWidget *ports_gateway_group_new (PlumGateway *gateway, GListModel *backends);

G_END_DECLS
