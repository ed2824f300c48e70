# Every library that Tiepoint finds, in one file. The Debian package of each is
# in scripts/dependencies.
find_package(nlohmann_json 3.9 REQUIRED)
find_package(Eigen3 3.3 REQUIRED NO_MODULE)

if(NOT TIEPOINT_ONLY_TRAINING)
  find_package(OpenCV 4.5 REQUIRED COMPONENTS core imgproc imgcodecs features2d
                                              calib3d)
  # Not find_package(dnnl): Debian 12's dnnl-config.cmake demands OpenCL
  # headers, which Debian's package neither needs here nor brings.
  find_library(DNNL_LIBRARY dnnl REQUIRED)
  find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.hpp REQUIRED)
  add_library(DNNL::dnnl UNKNOWN IMPORTED)
  set_target_properties(
    DNNL::dnnl PROPERTIES IMPORTED_LOCATION ${DNNL_LIBRARY}
                          INTERFACE_INCLUDE_DIRECTORIES ${DNNL_INCLUDE_DIR})
  find_path(HNSWLIB_INCLUDE_DIR hnswlib/hnswlib.h REQUIRED)
  add_library(HNSWLIB::hnswlib INTERFACE IMPORTED)
  set_target_properties(HNSWLIB::hnswlib PROPERTIES
                        INTERFACE_INCLUDE_DIRECTORIES ${HNSWLIB_INCLUDE_DIR})
  find_package(OpenMP REQUIRED COMPONENTS CXX)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(EXIV2 REQUIRED IMPORTED_TARGET exiv2)
  find_package(JPEG REQUIRED)
  enable_language(C) # FindHDF5 tries out C
  find_package(HDF5 REQUIRED COMPONENTS C)
  find_package(SQLite3 REQUIRED)
  # Not find_package(libzip): Debian's CMake files ask for the programs, which
  # its package does not bring.
  pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
  find_package(fmt REQUIRED)
endif()

# Of the program, not of the library.
if(NOT TIEPOINT_ONLY_TRAINING AND NOT TIEPOINT_ONLY_LIBRARY)
  # Without it no networks are written as ONNX. The library that holds nothing
  # but the classes of onnx.proto: that with the definitions of all operators
  # makes every start of the program slower.
  find_library(ONNX_PROTO_LIBRARY onnx_proto)
  find_path(ONNX_INCLUDE_DIR onnx/onnx-ml.pb.h)
  find_package(Protobuf)
  if(ONNX_PROTO_LIBRARY AND ONNX_INCLUDE_DIR AND Protobuf_FOUND)
    add_library(ONNX::proto UNKNOWN IMPORTED)
    set_target_properties(
      ONNX::proto
      PROPERTIES IMPORTED_LOCATION ${ONNX_PROTO_LIBRARY}
                 INTERFACE_INCLUDE_DIRECTORIES ${ONNX_INCLUDE_DIR}
                 INTERFACE_COMPILE_DEFINITIONS "ONNX_ML=1;ONNX_NAMESPACE=onnx"
                 INTERFACE_LINK_LIBRARIES protobuf::libprotobuf)
  endif()
  find_package(CLI11 REQUIRED)
  pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
endif()

if(TIEPOINT_TRAINING)
  find_package(Torch REQUIRED)
  find_path(STB_INCLUDE_DIR stb_image.h PATH_SUFFIXES stb)
  if(NOT STB_INCLUDE_DIR)
    message(FATAL_ERROR "stb_image.h not found (Debian package libstb-dev)")
  endif()
  # Without it shards of training samples are not compressed.
  set(ZSTD)
  find_library(ZSTD_LIBRARY zstd)
  find_path(ZSTD_INCLUDE_DIR zstd.h)
  if(ZSTD_LIBRARY AND ZSTD_INCLUDE_DIR)
    add_library(ZSTD::zstd UNKNOWN IMPORTED)
    set_target_properties(
      ZSTD::zstd PROPERTIES IMPORTED_LOCATION ${ZSTD_LIBRARY}
                            INTERFACE_INCLUDE_DIRECTORIES ${ZSTD_INCLUDE_DIR})
    set(ZSTD ZSTD::zstd)
  endif()
endif()

# The first of several Pythons may be one without Debian's packages: whether
# one has python_modules (a variable of the caller).
function(tiepoint_python_has_modules RESULT PROGRAM)
  execute_process(
    COMMAND ${PROGRAM} -c "import ${python_modules}"
    RESULT_VARIABLE failed
    OUTPUT_QUIET ERROR_QUIET)
  if(failed)
    set(${RESULT} FALSE PARENT_SCOPE)
  endif()
endfunction()
if(TIEPOINT_TESTS OR TIEPOINT_PYTHON)
  set(python_modules numpy)
  find_program(PYTHON_WITH_NUMPY python3
               VALIDATOR tiepoint_python_has_modules REQUIRED)
endif()
if(TIEPOINT_PYTHON)
  set(Python_EXECUTABLE ${PYTHON_WITH_NUMPY})
  find_package(Python 3.9 REQUIRED COMPONENTS Interpreter Development.Module)
  find_package(pybind11 2.10 CONFIG REQUIRED)
endif()
if(TIEPOINT_TESTS)
  if(NOT TIEPOINT_ONLY_TRAINING AND NOT TIEPOINT_SANITIZE)
    set(python_modules "cv2, numpy, selenium")
    find_program(PYTHON_WITH_SELENIUM python3
                 VALIDATOR tiepoint_python_has_modules REQUIRED)
  endif()
  find_package(GTest REQUIRED)
endif()
if(TIEPOINT_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()
