print("beray-fs")
