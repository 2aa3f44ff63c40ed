# Takes TEXTS_DIR, with files GROUP/NAME.mod, and OUTPUT; writes the rows of the
# library's table, {"NAME", "GROUP", text}, in order of group and name.
file(GLOB texts RELATIVE ${TEXTS_DIR} ${TEXTS_DIR}/*/*.mod)
list(SORT texts)
set(rows "")
foreach(path IN LISTS texts)
  get_filename_component(name ${path} NAME_WE)
  get_filename_component(group ${path} DIRECTORY)
  file(READ ${TEXTS_DIR}/${path} text)
  string(APPEND rows "{\"${name}\", \"${group}\", R\"mod(${text})mod\"},\n")
endforeach()
file(WRITE ${OUTPUT} "${rows}")
