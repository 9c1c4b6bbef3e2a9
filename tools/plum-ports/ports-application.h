/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define PORTS_TYPE_APPLICATION (ports_application_get_type ())

G_DECLARE_FINAL_TYPE (PortsApplication, ports_application, PORTS, APPLICATION, AdwApplication)

PortsApplication *ports_application_new (void);

G_END_DECLS
