#pragma once
// Nothing to call: the linker finds the data by the name that ICU gives them.
